import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { LAUNCH, PHONE } from "../support/browser.ts";
import { Phone } from "../support/phone.ts";
import { freePort } from "../support/process.ts";
import { expect, test } from "../support/story.ts";

test("a locked phone shows nothing and opens with the fingerprint", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
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
  // The test's own connection gives a crashed page up; a second one sees it come back.
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "wardline-profile-"));
  const context = await chromium.launchPersistentContext(folder, {
    ...LAUNCH,
    ...PHONE,
    args: [...(LAUNCH.args ?? []), `--remote-debugging-port=${port}`],
  });
  const before = await Phone.take(context, hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await before.enroll();
  await doctor.enroll();
  await before.start([doctor.person], "a patient");
  await before.write("Before the crash.");
  await before.state("Before the crash.", "Delivered");
  const message = before.page.getByRole("textbox", { name: "Message" });
  await message.fill("Typed and sent right before the crash.");
  await before.page.getByRole("button", { name: "Send" }).click();
  // The field is emptied once the message is safe on the phone; nothing waits for the hospital.
  await expect(message).toHaveValue("");
  await before.crash();

  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const [seen] = browser.contexts();
  expect(seen).toBeDefined();
  const nurse = before.seenBy(seen ?? context);
  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await nurse.sees("Before the crash.");
  await nurse.sees("Typed and sent right before the crash.");
  await nurse.state("Typed and sent right before the crash.", "Delivered");
  await doctor.open(nurse.person.name);
  await doctor.sees("Typed and sent right before the crash.");
  await doctor.write("Got both.");
  await nurse.sees("Got both.");
  expect(nurse.complaints).toEqual([]);

  await browser.close();
  await context.close();
  await rm(folder, { recursive: true, force: true });
});

test("one tab writes, and another takes over when asked", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
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

test("a tab that loses the store in mid-send has sent once, and not twice", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Before.");
  await nurse.state("Before.", "Delivered");
  await doctor.open(nurse.person.name);

  // The hospital takes it, and the answer does not come for as long as the tabs argue.
  const path = "**/v1/groups/*/messages";
  let answer: () => void = () => undefined;
  const argued = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await nurse.context.route(path, async (route) => {
    const response = await route.fetch();
    await argued;
    // The page that asked may be gone.
    await route.fulfill({ response }).catch(() => undefined);
  });
  const text = "Typed in the first tab.";
  await nurse.write(text);
  await doctor.sees(text);
  const second = await nurse.context.newPage();
  await second.goto(hospital.url);
  await second.getByRole("button", { name: "Use it here" }).click();
  await expect(second.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await expect(nurse.page.getByRole("heading", { name: "Open in another tab" })).toBeVisible();
  await nurse.context.unroute(path);
  answer();
  await second.close();

  // The first takes it back: what it could not write down itself it has from the hospital.
  await nurse.page.getByRole("button", { name: "Use it here" }).click();
  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await nurse.sees(text);
  await nurse.state(text, "Read");
  await nurse.write("After.");
  await doctor.sees("After.");
  await doctor.sees(text);
});

test("signing out everywhere ends the other device's session", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  await nurse.enroll();
  await nurse.page.goto(`${hospital.url}/#/security`);
  await nurse.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await nurse.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(nurse.page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await nurse.unlock();
});
