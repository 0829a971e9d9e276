import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("a second phone gets what its person was there for, though no other phone is on", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person], "a patient");
  await nurse.write("Haemoglobin 6.9, she is pale and tachycardic.");
  await doctor.open(nurse.person.name);
  await doctor.write("Two units, please. I come now.");
  await nurse.sees("Two units, please. I come now.");

  // The record keeper is a member, in plain sight, and stays.
  await doctor.page.getByRole("button", { name: "People in this conversation" }).click();
  const people = doctor.page.getByRole("dialog", { name: "People" });
  const keeper = people.getByRole("listitem").filter({ hasText: "Record keeper" });
  await expect(keeper).toContainText("Verified devices");
  await expect(people.getByRole("button", { name: /^Remove Record keeper/ })).toHaveCount(0);
  await people.getByRole("button", { name: "Close" }).click();

  await nurse.page.goto(`${hospital.url}/#/security`);
  await nurse.page.getByRole("button", { name: "Add another device" }).click();
  const typed = await nurse.page.getByRole("status", { name: "Typed code" }).textContent();
  const tablet = await phone(nurse.person);
  await tablet.page.goto(hospital.url);
  await tablet.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
  await tablet.page.getByRole("button", { name: "Continue" }).click();
  await tablet.makePasskey();
  const string = tablet.page.getByRole("status", { name: "Confirmation string" });
  const shown = nurse.page.getByRole("status", { name: "Confirmation string" });
  await expect(shown).toHaveText((await string.textContent()) ?? "?");
  await nurse.page.getByRole("button", { name: "They are the same" }).click();
  await expect(shown).toHaveCount(0);

  // Both phones are switched off; the tablet gets everything all the same.
  await nurse.page.goto("about:blank");
  await doctor.page.goto("about:blank");
  await tablet.unlock();
  const list = tablet.page.getByRole("region", { name: "Conversations" });
  await list.getByRole("link", { name: doctor.person.name }).first().click();
  await tablet.sees("Haemoglobin 6.9, she is pale and tachycardic.");
  await tablet.sees("Two units, please. I come now.");
  await expect(
    tablet.page.getByText("The record keeper handed this device 2 earlier messages."),
  ).toBeVisible();
  await tablet.write("Both units are running.");
  await tablet.state("Both units are running.", "Sent");

  await doctor.page.goto(hospital.url);
  await doctor.unlock();
  await doctor.open(nurse.person.name);
  await doctor.sees("Both units are running.");
  await expect(
    doctor.page.getByText(`${nurse.person.name} uses a new device.`, { exact: true }),
  ).toBeVisible();

  // The phone is lost: what was confirmed with it lately goes with it, unless the nurse says no.
  await tablet.reportLost(async (asked) => {
    // The tablet in hand was, and stays unless the nurse asks for it.
    await expect(asked.getByRole("checkbox", { name: /^Also remove / })).not.toBeChecked();
    await look(tablet.page, "phone", "report-lost");
  });
  await expect(tablet.page.getByText("Lost", { exact: true })).toHaveCount(1);
  await doctor.sees("Both units are running.");
  await expect(
    doctor.page.getByText(`${nurse.person.name} no longer uses a device.`, { exact: true }),
  ).toBeVisible();
});
