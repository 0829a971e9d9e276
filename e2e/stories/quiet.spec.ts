/** Less noise: messages that wait for a break, what the sender is told, and what is counted. */
import { PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("a doctor batches what is routine, and the nurse is told before she sends", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const nurse = await phone(hospital.nurse(), PHONE);
  const doctor = await phone(hospital.doctor(), PHONE);
  await nurse.enroll();
  await doctor.enroll();

  const settings = doctor.page.getByRole("region", { name: "When messages ring" });
  await doctor.page.goto(`${hospital.url}/#/security`);
  await expect(settings.getByRole("status").first()).toContainText("everything rings at once");
  await settings.getByLabel("Routine messages ring").selectOption({ label: "At my breaks" });
  await expect(settings.getByLabel("Break 1")).toHaveValue("10:00");
  await settings.getByRole("button", { name: "Remove the break at 15:00" }).click();
  await settings.getByRole("button", { name: "Save" }).click();
  await expect(settings.getByRole("status").first()).toContainText("routine messages ring next at");
  await settings.scrollIntoViewIfNeeded();
  await look(doctor.page, "phone", "quiet-settings");

  const { page } = nurse;
  const { name } = doctor.person;
  await nurse.start([doctor.person]);
  const told = page.getByRole("status", { name: `Whether ${name} would notice` });
  await expect(told).toContainText(`Delivered quietly: ${name} batches routine messages until`);
  await look(page, "phone", "quiet-before-sending");
  await nurse.write("Potassium is back, 4.1.");
  await nurse.sees("Potassium is back, 4.1.");

  // One tap sends the next one as urgent, and the line is gone.
  await told.getByRole("button", { name: "Send as urgent" }).click();
  await expect(page.getByRole("button", { name: /^Urgency: Urgent/ })).toBeVisible();
  await expect(told).not.toContainText("Delivered quietly");
  await nurse.write("Potassium is 6.8 after all.");
  await nurse.sees("Potassium is 6.8 after all.");

  // Who opens the app sees what waits, whether it rang or not.
  await doctor.open(nurse.person.name);
  await doctor.sees("Potassium is back, 4.1.");
  await doctor.sees("Potassium is 6.8 after all.");
});

test("a STAT message that did not need to be one is marked with a tap", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const nurse = await phone(hospital.nurse(), PHONE);
  const doctor = await phone(hospital.doctor(), PHONE);
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  for (const text of ["Please call 4410.", "Still waiting on 4410.", "Family asks for you."]) {
    await nurse.write(text, "STAT");
    await nurse.sees(text);
  }
  await doctor.open(nurse.person.name);
  const last = doctor.message("Family asks for you.");
  for (const text of ["Please call 4410.", "Still waiting on 4410.", "Family asks for you."]) {
    const card = doctor.page.getByRole("region", { name: /^STAT/ }).filter({ hasText: text });
    await card.getByRole("button", { name: "Acknowledge" }).click();
    await expect(card).toHaveCount(0);
  }
  const mark = last.getByRole("button", { name: "Did not need STAT" });
  await expect(mark).toBeVisible();
  await look(doctor.page, "phone", "quiet-stat-mark");
  await mark.click();
  await expect(last).toContainText("The sender does not see who said so.");

  // The sender sees her own figures where she is about to send another.
  await nurse.page.goto(`${hospital.url}/#/security`);
  const settings = nurse.page.getByRole("region", { name: "When messages ring" });
  await expect(settings).toContainText("you sent 3 STAT; 3 were acknowledged. 1 did not need STAT");
  await settings.scrollIntoViewIfNeeded();
  await look(nurse.page, "phone", "quiet-stat-use");
});

test("whoever runs a ward sees how often phones ring, and no small group", async ({
  hospital,
  phone,
}) => {
  const officer = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${hospital.url}/#/security`);
  await page.getByRole("link", { name: "How often the phones of a ward ring" }).click();
  await expect(page.getByRole("heading", { name: "Interruptions" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("fewer than 5 people are not shown");
  await expect(page.getByText("Too few people to be shown.")).toBeVisible();
  await look(page, "phone", "interruptions");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as a table" }).click();
  expect((await saved).suggestedFilename()).toBe("interruptions.csv");
});
