/** Whether a phone rings, and what is said before something is sent to one that does not. */
import { Founding } from "../support/founding.ts";
import { look } from "../support/look.ts";
import { Bell, pretend, Receiver } from "../support/receiver.ts";
import { expect, test } from "../support/story.ts";

test("somebody has their phone rung, and sees that it does and when it does not", async ({
  phone,
}) => {
  const receiver = await Receiver.open();
  const founding = await Founding.open(["[push]", `allowed_hosts = ["${receiver.host}"]`]);
  const person = await phone(founding.officer);
  const { page, context } = person;
  await context.addInitScript(pretend, receiver.subscription);
  await person.enroll();
  await page.goto(`${founding.url}/#/security`);
  const part = page.getByRole("region", { name: "Notifications on this phone" });
  const rings = part.getByRole("switch");
  const status = part.getByRole("status");
  await expect(status).toContainText("nothing rings here");
  await part.scrollIntoViewIfNeeded();
  await look(page, "phone", "notifications-off");

  await context.grantPermissions(["notifications"], { origin: founding.url });
  const bell = await Bell.of(page);
  await rings.click();
  await expect(status).toContainText("on its way");
  const id = await receiver.next();
  expect(id).toMatch(/^[\w-]{43}$/);
  expect(await bell.shown()).toEqual([]);
  await bell.deliver(id);
  await expect(status).toContainText("It arrived");
  await expect(rings).toBeChecked();
  expect(await bell.shown()).toEqual(["Wardline: Something waits for you"]);
  await look(page, "phone", "notifications-rang");

  // A push service takes it, and it never comes.
  const again = part.getByRole("button", { name: "Send a test" });
  await expect(async () => {
    await again.click();
    await expect(status).toContainText("on its way", { timeout: 2_000 });
  }).toPass();
  await receiver.next();
  await expect(status).toContainText("Nothing arrived");
  await look(page, "phone", "notifications-silent");

  await rings.click();
  await expect(rings).not.toBeChecked();
  await expect(status).toContainText("nothing rings here");
  await founding.close();
  await receiver.close();
});

test("who would not notice a message is named before it is sent", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await doctor.page.goto(`${hospital.url}/#/security`);
  const quiet = doctor.page.getByRole("main").getByRole("region", { name: "Do not disturb" });
  await quiet.getByRole("button", { name: "1 h", exact: true }).click();
  await expect(quiet.getByRole("status")).toContainText("only STAT messages ring");
  await quiet.scrollIntoViewIfNeeded();
  await look(doctor.page, "phone", "do-not-disturb");
  await doctor.page.goto("about:blank");
  // Within the second the hospital knows that the app is closed.
  await doctor.page.waitForTimeout(3_000);

  const { page } = nurse;
  const { name } = doctor.person;
  const would = page.getByRole("status", { name: `Whether ${name} would notice` });
  await page.goto(`${hospital.url}/#/new`);
  await page.getByRole("searchbox", { name: /Person/ }).fill(name);
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await expect(would).toContainText(`${name} is not reachable by phone.`);
  await expect(would).toContainText("only STAT rings");
  await look(page, "phone", "not-reachable-new");
  await page.getByRole("button", { name: "Start conversation" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  await expect(would).toContainText(`${name} is not reachable by phone.`);
  await look(page, "phone", "not-reachable");
});
