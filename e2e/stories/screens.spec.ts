/** Every screen, on a phone and on a workstation, in light and dark. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { Founding } from "../support/founding.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`everyday screens on a ${view} are readable and accessible`, async ({ hospital, phone }) => {
    test.slow();
    const nurse = await phone(hospital.nurse(), options);
    const doctor = await phone(hospital.doctor());
    const pharmacist = await phone(hospital.person(({ role }) => role === "Pharmacist"));
    const { page } = nurse;

    await page.goto(hospital.url);
    await expect(page.getByRole("textbox", { name: "Invitation code" })).toBeVisible();
    await look(page, view, "enrol-typed");
    await page.getByRole("textbox", { name: "Invitation code" }).fill("AAAA-BBBBB-CCCCC");
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByRole("alert")).not.toBeEmpty();
    await look(page, view, "enrol-refused");
    await page.goto("about:blank");
    await page.goto(nurse.person.enroll_url);
    await expect(page.getByText("Your invitation is read.")).toBeVisible();
    await look(page, view, "enrol-link");
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByRole("button", { name: "Make the passkey" })).toBeVisible();
    await look(page, view, "enrol-passkey");
    await nurse.makePasskey();
    await expect(page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
    await look(page, view, "locked");
    await nurse.unlock();
    await expect(page.getByRole("region", { name: "Conversations" })).toBeVisible();
    await look(page, view, "conversations-empty");

    await doctor.enroll();
    await pharmacist.enroll();
    await nurse.start([doctor.person, pharmacist.person], "a patient");
    await nurse.write("Potassium is 5.9 this morning, was 5.1 yesterday. ECG unchanged.");
    await nurse.write(
      "She takes spironolactone 50 mg and had the ACE inhibitor doubled on Friday.",
    );
    await doctor.open(/spironolactone/);
    await doctor.write("Thank you. Stop spironolactone, repeat potassium at noon, please.");
    await pharmacist.open(/spironolactone/);
    await pharmacist.write(
      "Done in the chart. Trimethoprim since Sunday adds to it, I would change it.",
    );
    await nurse.sees("Done in the chart. Trimethoprim since Sunday adds to it, I would change it.");
    await nurse.write("Noon sample is drawn.", "Urgent");
    // Both have the conversation on the screen, so it does not stay at delivered.
    await nurse.state("Noon sample is drawn.", "Read");
    await page.goto(`${hospital.url}/#/`);
    await pharmacist.start([nurse.person]);
    await pharmacist.write("Could you check the allergy band of bed 9?");
    await doctor.write(
      "Noon value is 6.8 with wide QRS. Calcium now, I am two minutes away.",
      "STAT",
    );
    const list = page.getByRole("region", { name: "Conversations" });
    await expect(list.getByText("STAT, waiting for you")).toBeAttached();
    await expect(list.getByText("Could you check the allergy band of bed 9?")).toBeVisible();
    await look(page, view, "conversations");

    await list.getByRole("link").first().click();
    await expect(page.getByRole("button", { name: "Acknowledge" })).toBeVisible();
    await look(page, view, "conversation");
    // A STAT message stands before everything else until it is answered.
    const stat = page.getByRole("region", { name: /^STAT/ });
    await stat.getByRole("button", { name: "Acknowledge" }).click();
    await expect(stat).toHaveCount(0);
    await page.getByRole("button", { name: /^Urgency/ }).click();
    await look(page, view, "urgency");
    await page.getByRole("button", { name: /^STAT/ }).click();
    await page
      .getByRole("textbox", { name: "Message" })
      .fill("Calcium is running. Rapid response team called, defibrillator at the bed.");
    await look(page, view, "writing-stat");
    await page.getByRole("button", { name: "Send STAT" }).click();
    await nurse.sees("Calcium is running. Rapid response team called, defibrillator at the bed.");
    // The message says what was said on the card.
    await expect(page.getByText("You acknowledged")).toBeVisible();
    await page
      .getByRole("button", { name: /^What to do with/ })
      .last()
      .click();
    await page
      .getByRole("dialog", { name: "Message" })
      .getByRole("button", { name: "Reply" })
      .click();
    await look(page, view, "acknowledged-and-replying");
    await page.getByRole("button", { name: "Stop replying" }).click();
    await nurse.context.setOffline(true);
    await nurse.write("Second ampoule given.");
    await expect(page.getByText("Offline. Messages go out when connected.")).toBeVisible();
    await look(page, view, "offline");
    await nurse.context.setOffline(false);
    await nurse.state("Second ampoule given.", "Delivered");
    await page.getByRole("button", { name: "People in this conversation" }).click();
    await expect(page.getByRole("dialog", { name: "People" })).toBeVisible();
    await look(page, view, "people");
    await page.getByRole("button", { name: `Remove ${pharmacist.person.name}` }).click();
    await look(page, view, "remove-person");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page
      .getByRole("dialog", { name: "People" })
      .getByRole("button", { name: "Close" })
      .click();

    await page.goto(`${hospital.url}/#/new`);
    await page.getByRole("button", { name: new RegExp(`^${doctor.person.name}`) }).click();
    await look(page, view, "new");
    await page.getByRole("button", { name: "Choose", exact: true }).click();
    const patients = page.getByRole("dialog").getByRole("list", { name: "Your patients" });
    await expect(patients.getByRole("listitem").first()).toBeVisible();
    await look(page, view, "patients");
    await patients.getByRole("button").first().click();
    await expect(page.getByRole("button", { name: "Remove the patient" })).toBeVisible();
    await look(page, view, "new-chosen");

    await page.goto(`${hospital.url}/#/security`);
    await expect(page.getByRole("region", { name: "My devices" })).toContainText("This device");
    await look(page, view, "security");
    await page.getByRole("button", { name: "Sign out everywhere" }).scrollIntoViewIfNeeded();
    await look(page, view, "security-devices");
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await look(page, view, "sign-out-everywhere");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();

    const second = await nurse.context.newPage();
    await second.goto(hospital.url);
    await expect(second.getByRole("heading", { name: "Open in another tab" })).toBeVisible();
    await look(second, view, "elsewhere");
  });

  test(`the officer's screens on a ${view} are readable and accessible`, async ({ phone }) => {
    const founding = await Founding.open();
    const officer = await phone(founding.officer, options);
    const { page } = officer;
    await officer.enroll();
    await page.goto(`${founding.url}/#/officer`);
    await page.getByRole("button", { name: founding.officer.name }).click();
    await look(page, view, "officer-invite");
    await page.getByRole("button", { name: "Make an invitation" }).click();
    const picture = page.getByRole("img", { name: /^Picture with the invitation/ });
    await expect(picture).toBeVisible();
    await picture.scrollIntoViewIfNeeded();
    await look(page, view, "officer-invitation");
    const typed = await page.getByRole("status", { name: "Typed code" }).textContent();

    const second = await phone(founding.officer, options);
    await second.page.goto(founding.url);
    await second.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
    await second.page.getByRole("button", { name: "Continue" }).click();
    await second.makePasskey();
    await expect(second.page.getByRole("heading", { name: "Compare this string" })).toBeVisible();
    await look(second.page, view, "enrol-confirmation");
    const shown = page.getByRole("status", { name: "Confirmation string" });
    await expect(shown).toBeVisible();
    await shown.scrollIntoViewIfNeeded();
    await look(page, view, "officer-confirm");
    await founding.close();
  });
}
