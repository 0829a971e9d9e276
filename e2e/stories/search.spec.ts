import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const HIGH = "Kálium 6.8 on the repeat, wide QRS. Calcium gluconate is running.";
const FINE = "Potassium 4.1 at noon, nothing to do.";
const OTHER = "Could you check the allergy band of bed 9?";

test("a message is found on the phone by its words, its person and its patient", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  const pharmacist = await phone(hospital.person(({ role }) => role === "Pharmacist"));
  for (const each of [nurse, doctor, pharmacist]) {
    await each.enroll();
  }
  const patient = await nurse.start([doctor.person], "a patient");
  await nurse.write(HIGH);
  await nurse.sees(HIGH);
  await doctor.open(nurse.person.name);
  await doctor.write(FINE);
  await nurse.sees(FINE);
  // Enough to have the first one out of sight.
  for (let round = 1; round <= 12; round += 1) {
    await doctor.write(`Round ${round}: unchanged, next look in an hour.`);
    await nurse.sees(`Round ${round}: unchanged, next look in an hour.`);
  }
  await pharmacist.start([nurse.person]);
  await pharmacist.write(OTHER);

  const { page } = nurse;
  await page.goto(`${hospital.url}/#/`);
  await expect(page.getByRole("link", { name: pharmacist.person.name })).toContainText(OTHER);
  // A dead spot: what is on the phone is found without anybody.
  await nurse.context.setOffline(true);
  const box = page.getByRole("searchbox", { name: "Search messages, people, patients" });
  const found = page.getByRole("region", { name: "Found messages" });
  const hits = found.getByRole("listitem");
  await box.fill("kalium calc");
  await expect(hits).toHaveCount(1);
  await expect(hits.locator("mark")).toHaveText(["Kálium", "Calcium"]);
  await expect(found.getByRole("status").first()).toHaveText("1 message found");
  await look(page, "phone", "search");

  await box.fill("o");
  await expect(hits.first()).toBeVisible();
  await page.getByLabel("From anyone").selectOption({ label: pharmacist.person.name });
  await box.fill("");
  await expect(hits).toHaveCount(1);
  await expect(hits).toContainText(OTHER);
  await page.getByLabel("From anyone").selectOption({ label: doctor.person.name });
  await page.getByLabel("Any patient").selectOption({ label: patient });
  await box.fill("potassium");
  await expect(hits).toHaveCount(1);
  await expect(hits).toContainText("4.1 at noon");
  await page.getByLabel("Since").fill("2999-01-01");
  await expect(found.getByText("No message with it on this device")).toBeVisible();
  await page.getByLabel("Since").fill("");
  await expect(hits).toHaveCount(1);
  await page.getByLabel("Until").fill("2001-01-01");
  await expect(found.getByText("No message with it on this device")).toBeVisible();
  await box.press("Escape");
  await expect(found).toHaveCount(0);

  await box.fill("kalium");
  // What was found before stands until there is something else.
  await expect(hits.locator("mark")).toHaveText(["Kálium"]);
  await hits.getByRole("link").click();
  await expect(nurse.message(HIGH)).toBeInViewport();
  await expect(nurse.message(HIGH)).toBeFocused();
  await nurse.context.setOffline(false);
});

test("what was found is shut away with the store", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write(FINE);
  await nurse.state(FINE, "Delivered");
  const { page } = nurse;
  await page.goto(`${hospital.url}/#/`);
  const box = page.getByRole("searchbox", { name: "Search messages, people, patients" });
  const hits = page.getByRole("region", { name: "Found messages" }).getByRole("listitem");
  await box.fill("potas");
  await expect(hits).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await expect(page.getByText(FINE)).toHaveCount(0);
  await nurse.unlock();
  await box.fill("potas");
  await expect(hits).toHaveCount(1);
});
