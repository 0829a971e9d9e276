import { expect, test } from "../support/story.ts";

test("a locked phone shows nothing and opens with the fingerprint", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.person(({ role }) => role === "Nurse"));
  const doctor = await phone(hospital.person(({ role }) => role === "Surgeon"));
  await nurse.enroll();
  await doctor.enroll();
  const patient = await nurse.start([doctor.person], "a patient");
  await nurse.write("Drain output is 400 ml since noon.");
  await nurse.state("Drain output is 400 ml since noon.", "Delivered");

  await nurse.page.goto(`${hospital.url}/#/security`);
  await nurse.page.getByRole("button", { name: "Lock now" }).click();
  await expect(nurse.page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  const left = await nurse.page.locator("body").textContent();
  for (const secret of [patient, doctor.person.name, "Drain output"]) {
    expect(left).not.toContain(secret);
  }

  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await nurse.sees("Drain output is 400 ml since noon.");
});

test("a tab that crashes loses nothing that was sent", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.person(({ role }) => role === "Nurse"));
  const doctor = await phone(hospital.person(({ role }) => role === "Surgeon"));
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person], "a patient");
  await nurse.write("Before the crash.");
  await nurse.state("Before the crash.", "Delivered");
  const message = nurse.page.getByRole("textbox", { name: "Message" });
  await message.fill("Typed and sent right before the crash.");
  await nurse.page.getByRole("button", { name: "Send" }).click();
  // The field is emptied once the message is safe on the phone; nothing waits for the hospital.
  await expect(message).toHaveValue("");
  await nurse.crash();

  await nurse.page.goto(hospital.url);
  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await nurse.sees("Before the crash.");
  await nurse.sees("Typed and sent right before the crash.");
  await nurse.state("Typed and sent right before the crash.", "Delivered");
  await doctor.open(nurse.person.name);
  await doctor.sees("Typed and sent right before the crash.");
  await doctor.write("Got both.");
  await nurse.sees("Got both.");
});

test("one tab writes, and another takes over when asked", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.person(({ role }) => role === "Nurse"));
  await nurse.enroll();
  const second = await nurse.context.newPage();
  await second.goto(hospital.url);
  await expect(second.getByRole("heading", { name: "Open in another tab" })).toBeVisible();
  await second.getByRole("button", { name: "Use it here" }).click();
  await expect(second.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await expect(nurse.page.getByRole("heading", { name: "Open in another tab" })).toBeVisible();
  await second.close();
  await nurse.page.getByRole("button", { name: "Use it here" }).click();
  await nurse.unlock();
});

test("signing out everywhere ends the other device's session", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.person(({ role }) => role === "Nurse"));
  await nurse.enroll();
  await nurse.page.goto(`${hospital.url}/#/security`);
  await nurse.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await nurse.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(nurse.page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await nurse.unlock();
});
