/** From the chart into the conversation beside it: an entry goes by name, and each reader sees it as it is by then,
 * as far as they may. */
import type { Locator, Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look, tooWide } from "../support/look.ts";
import { potassium, send } from "../support/mllp.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;
const SAID = "Please look before the next dose";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`on a ${view} a result that a psychiatrist sends is as it is now for a nurse, and withheld from a porter`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse(), options);
    const doctor = await phone(hospital.person(({ role }) => role === "Psychiatrist"));
    const porter = await phone(hospital.person(({ role }) => role === "Porter"));
    for (const each of [nurse, doctor, porter]) {
      await each.enroll();
    }
    const patient = await nurse.start([doctor.person, porter.person], "a patient");
    await nurse.write("What do you think of the potassium?");
    const banner = nurse.page.getByRole("region", { name: "Patient" });
    const mrn = /SB-\d{6}/.exec((await banner.textContent()) ?? "")?.[0] ?? "";
    expect(mrn).not.toBe("");
    const about = new RegExp(patient.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

    const feed = hospital.services.hl7 ?? "";
    const at = new Date();
    await send(feed, potassium(mrn, "R1", { value: "6.8", status: "F", at }));
    await doctor.open(about);
    const hers = doctor.page;
    // What is said of it is written beside it; from the conversation the chart is two taps away.
    await hers.getByRole("button", { name: /^Urgency/ }).click();
    await hers.getByRole("button", { name: /^From the chart/ }).click();
    const row = hers
      .getByRole("list", { name: "Labs" })
      .getByRole("button", { name: /^Potassium/ });
    const unlock = hers.getByRole("button", { name: "Unlock with fingerprint" });
    await expect(async () => {
      // It is acknowledged once it is kept, and in the chart a moment later.
      await hers.reload();
      await expect(unlock.or(row).first()).toBeVisible();
      if (await unlock.isVisible()) {
        await doctor.unlock();
      }
      await expect(row).toContainText("6.8", { timeout: 5_000 });
    }).toPass();
    await row.click();
    const trend = hers.getByRole("dialog", { name: "Potassium" });
    await trend.getByRole("button", { name: "Send this value" }).click();
    const sheet = hers.getByRole("dialog", { name: /^To / });
    await expect(sheet).toContainText(`About ${patient}`);
    await expect(sheet).toContainText("No value goes with it.");
    await sheet.getByRole("textbox", { name: "What to say with it" }).fill(SAID);
    await look(hers, "phone", "reference-send");
    await sheet.getByRole("button", { name: "Send" }).click();
    await doctor.sees(SAID);

    // The nurse sees the value, when it was read, and whose it is.
    await nurse.sees(SAID);
    await expect(nurse.message(SAID)).not.toContainText("6.8");
    await look(nurse.page, view, "reference-message");
    const shown = await opened(nurse.page, nurse.message(SAID));
    await expect(shown).toContainText("6.8");
    await expect(shown).toContainText(`About ${patient}`);
    await expect(shown).toContainText(/Read /);
    expect(await tooWide(nurse.page, "[role=dialog] *")).toEqual([]);
    await look(nurse.page, view, "reference-opened");
    await shown.getByRole("button", { name: "Close" }).click();

    // The porter sees that there is more, and not what.
    await porter.open(about);
    const closed = await opened(porter.page, porter.message(SAID));
    await expect(closed).toContainText("There is more");
    await expect(closed).not.toContainText("6.8");
    await expect(closed).not.toContainText("otassium");
    await look(porter.page, "phone", "reference-withheld");

    // The laboratory corrects it: the same message leads to what stands now.
    const later = new Date(at.getTime() + 60_000);
    await send(feed, potassium(mrn, "R1", { value: "4.8", status: "C", at: later }));
    await expect(async () => {
      const again = await opened(nurse.page, nurse.message(SAID));
      const text = (await again.textContent()) ?? "";
      await again.getByRole("button", { name: "Close" }).click();
      expect(text).toContain("4.8");
      expect(text).toContain("Corrected");
      expect(text).toContain("It changed after it was sent");
      expect(text).not.toContain("6.8");
    }).toPass();

    // Quoted it is named, not told; and found by what was said of it.
    await (await nurse.more(SAID)).getByRole("button", { name: "Reply" }).click();
    await expect(nurse.page.getByText(`From the chart: ${SAID}`, { exact: true })).toBeVisible();
    expect(await tooWide(nurse.page)).toEqual([]);
  });
}

test("a note goes by name too, and opens where notes are read", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person], "a patient");
  const { page } = nurse;
  await page.getByRole("region", { name: "Patient" }).getByRole("link", { name: "Notes" }).click();
  await page
    .getByRole("button", { name: /^Send .* to the conversation$/ })
    .first()
    .click();
  const sheet = page.getByRole("dialog", { name: /^To / });
  await sheet.getByRole("textbox", { name: "What to say with it" }).fill("From yesterday");
  await sheet.getByRole("button", { name: "Send" }).click();
  await nurse.sees("From yesterday");
  const shown = await opened(page, nurse.message("From yesterday"));
  await look(page, "phone", "reference-note");
  await shown.getByRole("link", { name: "Open the note" }).click();
  await expect(page.getByRole("heading", { name: "Note", level: 1 })).toBeVisible();
});

test("what is from one patient's chart is asked about before it goes where another one is spoken of", async ({
  hospital,
  phone,
}) => {
  const called = (user: string) => hospital.person((person) => person.user === user);
  const nurse = await phone(called("amara.osei"));
  const doctor = await phone(called("tomas.herrera"));
  await nurse.enroll();
  await doctor.enroll();
  const { page } = nurse;
  // The conversation about the second patient first, so that the other one is open in the end.
  await page.goto(`${hospital.url}/#/new`);
  await page.getByRole("searchbox", { name: /Person/ }).fill(doctor.person.name);
  await page.getByRole("button", { name: new RegExp(`^${doctor.person.name}`) }).click();
  await page.getByRole("button", { name: "Choose", exact: true }).click();
  const own = page.getByRole("dialog").getByRole("list", { name: "Your patients" });
  const second = own.getByRole("listitem").nth(1).getByRole("button");
  const other = (await second.locator("strong").textContent()) ?? "";
  await second.click();
  await page.getByRole("button", { name: "Start conversation" }).click();
  await nurse.write("Hello");
  await nurse.start([doctor.person], "a patient");
  await page.getByRole("region", { name: "Patient" }).getByRole("link", { name: "Notes" }).click();
  await page
    .getByRole("button", { name: /^Send .* to the conversation$/ })
    .first()
    .click();
  const send = page.getByRole("dialog", { name: /^To / });
  await send.getByRole("textbox", { name: "What to say with it" }).fill(SAID);
  await send.getByRole("button", { name: "Send" }).click();
  await nurse.state(SAID, "Delivered");

  await (await nurse.more(SAID)).getByRole("button", { name: "Forward" }).click();
  const sheet = page.getByRole("dialog", { name: "Forward to" });
  await sheet.getByRole("button", { name: /About another patient/ }).click();
  const asked = page.getByRole("dialog", { name: "Another patient" });
  await expect(asked).toContainText(`that conversation is about ${other}`);
  await look(page, "phone", "reference-other-patient");
  await asked.getByRole("button", { name: "Cancel" }).click();
  await expect(asked).toHaveCount(0);
  await sheet.getByRole("button", { name: /About another patient/ }).click();
  await asked.getByRole("button", { name: "Send it there" }).click();
  await expect(sheet).toHaveCount(0);

  // There it is marked as what it is.
  await doctor.open(new RegExp(other.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  await expect(doctor.message(SAID)).toContainText("Of another patient than this conversation");
});

/** The dialog behind the card of a message. */
async function opened(page: Page, message: Locator): Promise<Locator> {
  await message.getByRole("button", { name: /^From the chart/ }).click();
  const dialog = page.getByRole("dialog", { name: "From the chart" });
  await expect(dialog.getByText(/^Read /)).toBeVisible();
  return dialog;
}
