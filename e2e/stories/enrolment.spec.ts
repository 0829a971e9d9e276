import { expect, test } from "../support/story.ts";

test("the invitation's code leaves the address bar at once, and works once", async ({
  hospital,
  phone,
}) => {
  const person = hospital.person();
  const first = await phone(person);
  await first.page.goto(person.enroll_url);
  await expect(first.page.getByText("Your invitation is read.")).toBeVisible();
  expect(first.page.url()).toBe(`${hospital.url}/#/`);
  await first.enroll();

  const second = await phone(person);
  await second.page.goto(person.enroll_url);
  await second.page.getByRole("button", { name: "Continue" }).click();
  await expect(second.page.getByRole("alert")).not.toBeEmpty();
  await expect(second.page.getByRole("button", { name: "Make the passkey" })).toHaveCount(0);
});

test("a code can be typed, however it is written", async ({ hospital, phone }) => {
  const person = hospital.person();
  const typed = await phone(person);
  await typed.page.goto(hospital.url);
  await typed.page
    .getByRole("textbox", { name: "Invitation code" })
    .fill(` ${person.enroll_code.toLowerCase().replaceAll("-", " ")} `);
  await typed.page.getByRole("button", { name: "Continue" }).click();
  await expect(typed.page.getByRole("heading", { name: /^Welcome/ })).toContainText(person.name);
  await typed.makePasskey();
  await typed.unlock();
});

test("a wrong code is refused with what to do next", async ({ hospital, phone }) => {
  const stranger = await phone(hospital.person());
  await stranger.page.goto(hospital.url);
  await stranger.page.getByRole("textbox", { name: "Invitation code" }).fill("AAAA-BBBBB-CCCCC");
  await stranger.page.getByRole("button", { name: "Continue" }).click();
  await expect(stranger.page.getByRole("alert")).not.toBeEmpty();
});

test("what the passkey gives for the local store is never sent", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.person());
  const bodies: string[] = [];
  nurse.page.on("request", (request) => bodies.push(request.postData() ?? ""));
  await nurse.enroll();
  const ceremonies = bodies.filter((body) => body.includes("clientDataJSON"));
  expect(ceremonies.length).toBeGreaterThanOrEqual(2);
  for (const body of ceremonies) {
    expect(body).not.toContain("prf");
    expect(body).toContain('"clientExtensionResults":{}');
  }
});
