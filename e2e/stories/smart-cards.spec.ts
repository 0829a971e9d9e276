/** Smart cards: one's own is added on the page Security and opens what asks for a second proof. */
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { CardOffice } from "../support/cards.ts";
import { look, tooWide } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

const ADVICE = ["Notes are opened with a smart card here.", "Put yours into its reader."];

const RULE = `
@id("notes_by_card")
@reason("notes_by_card")
@step_up("smart_card")
@advice("${ADVICE.join(" ")}")
forbid (
  principal is Wardline::Person,
  action in [Wardline::Action::"note.list", Wardline::Action::"note.read"],
  resource
)
unless {
  context has session && context.session has card_age_ms &&
  context.session.card_age_ms <= context.limits.fresh_ms
};
`;

const ANOTHER = "To show another card, close every window of this browser first";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse on a ${view} adds her smart card and opens her patient's notes with it`, async ({
    hospital,
    phone,
  }) => {
    test.slow();
    const office = await CardOffice.open();
    const person = hospital.nurse();
    const hers = await office.issue(person);
    const nurse = await phone(person, { ...options, ...hers });
    // He has found her card.
    const doctor = await phone(hospital.doctor(), { ...options, ...hers });
    // No card is in its reader.
    const other = await phone(person, { ...options, ignoreHTTPSErrors: true });
    const isOfficer = ({ role }: { role: string }) => role === "Security officer";
    const officer = await phone(hospital.person(isOfficer));
    const second = await phone(hospital.person(isOfficer));
    for (const each of [nurse, doctor, officer, second]) {
      await each.enroll();
    }
    const { page } = nurse;
    await nurse.start([doctor.person], "a patient");
    await page
      .getByRole("region", { name: "Patient" })
      .getByRole("link", { name: "Notes" })
      .click();
    const notes = page.getByRole("list", { name: "Notes" });
    await expect(notes).toBeVisible();
    const chart = page.url();

    // The app was open before the hospital took cards: it says so, and is right the next time.
    await hospital.serve(office.config);
    await reopen(nurse);
    await add(page);
    await look(page, view, "smart-card-add");
    await read(page);
    await expect(page.getByRole("alert")).toHaveText(
      "The app was opened before the hospital changed where cards are read. " +
        "Close the app, open it again, then read the card.",
    );
    expect(nurse.complaints.splice(0).join()).toContain("Content Security Policy");
    await look(page, view, "smart-card-barred");
    await reopen(nurse);
    await add(page);
    await read(page);
    const cards = page.getByRole("region", { name: "Smart cards" });
    const badge = cards.getByRole("listitem").filter({ hasText: "My badge" });
    await expect(badge).toContainText("issued by Harbour Clinic Cards");
    await expect(badge).toContainText("never used");
    await cards.scrollIntoViewIfNeeded();
    await look(page, view, "smart-cards");

    // Who holds somebody else's card cannot make it theirs.
    await reopen(doctor);
    // The second time his app knows where cards are read.
    await reopen(doctor);
    await add(doctor.page);
    await read(doctor.page);
    const refused = doctor.page.getByRole("dialog").getByRole("alert");
    await expect(refused).toContainText("This is somebody else's card. Use your own.");
    await expect(refused).toContainText(ANOTHER);
    await expect(doctor.page.getByRole("button", { name: "Read the card" })).toBeFocused();
    await look(doctor.page, view, "smart-card-of-another");
    await nurse.addDevice(other);

    // From now on notes want a card: a device without one does not open them.
    await enact(officer, second);
    await open(other, chart);
    const asking = other.page.getByRole("dialog", { name: "Show your smart card" });
    await expect(asking.getByRole("button", { name: "Use my smart card" })).toBeFocused();
    await expect(asking.getByRole("listitem")).toHaveText(ADVICE);
    await look(other.page, view, "smart-card-asked");
    await asking.getByRole("button", { name: "Use my smart card" }).click();
    await expect(asking.getByRole("alert")).toHaveText(
      /^No card was presented\. Put it into the reader, .*If your browser asks for no card, /,
    );
    await look(other.page, view, "smart-card-missing");
    if (view === "phone") {
      await other.page.setViewportSize(SMALL);
      await look(other.page, view, "smart-card-small");
      expect(await tooWide(other.page, "main *, [role=dialog] *")).toEqual([]);
      await other.page.setViewportSize(PHONE.viewport);
    }
    await asking.getByRole("button", { name: "Cancel" }).click();
    await expect(asking).toHaveCount(0);
    await expect(other.page.getByText("You did not confirm that it is you.")).toBeVisible();
    await look(other.page, view, "smart-card-given-up");
    await expect(other.page.getByRole("list", { name: "Notes" })).toHaveCount(0);

    // With the card in the reader they open, and so does a note.
    await open(nurse, chart);
    await page.getByRole("button", { name: "Use my smart card" }).click();
    await notes.getByRole("link", { name: /^Admission note/ }).click();
    await expect(page.getByRole("article")).toContainText("That you opened this is recorded.");
    expect(nurse.traffic.filter((line) => line.includes(" /v1/sessions/step-up"))).toEqual([
      expect.stringContaining("POST /v1/sessions/step-up/card 200"),
    ]);
    await page.goto(`${hospital.url}/#/security`);
    await expect(badge).toContainText("last used just now");

    // Who has added none is told where to.
    await open(doctor, chart);
    await expect(doctor.page.getByRole("dialog").getByRole("alert")).toContainText(
      "You have added no smart card.",
    );
    await look(doctor.page, view, "smart-card-none");
    await office.close();
  });
}

/** Closes the app and opens it again, at the page Security. */
async function reopen(phone: Phone): Promise<void> {
  await open(phone, `${new URL(phone.page.url()).origin}/#/security`);
}

async function open(phone: Phone, url: string): Promise<void> {
  await phone.page.goto(url);
  await phone.page.reload();
  await phone.unlock();
}

/** Two officers have the rule hold for everyone. */
async function enact(first: Phone, second: Phone): Promise<void> {
  const { page } = first;
  await reopen(first);
  await page.getByRole("link", { name: "Policies", exact: true }).click();
  await page.getByRole("button", { name: "Start a draft" }).click();
  await page.getByRole("tab", { name: "charts.cedar" }).click();
  const editor = page.getByRole("textbox", { name: "Text of charts.cedar" });
  await editor.fill(`${await editor.inputValue()}${RULE}`);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("textbox", { name: "What changes, and why" }).fill("Notes want a card.");
  await page.getByRole("button", { name: "Propose" }).click();
  await expect(page.getByRole("heading", { name: "Version 1", level: 1 })).toBeVisible();
  await reopen(second);
  await second.page.getByRole("link", { name: "Policies", exact: true }).click();
  await second.page.getByRole("link", { name: "Version 1" }).click();
  await second.page.getByRole("button", { name: "Approve" }).click();
  await second.page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  const consent = second.page.getByRole("dialog", { name: "Confirm that it is you" });
  const inForce = second.page.getByText("In force", { exact: true });
  await expect(inForce.or(consent)).toBeVisible();
  if (await consent.isVisible()) {
    // On a slow machine the tap was too long ago for the passkey's prompt.
    await consent.getByRole("button", { name: "Confirm" }).click();
  }
  await expect(inForce).toBeVisible();
}

async function add(page: Page): Promise<void> {
  const cards = page.getByRole("region", { name: "Smart cards" });
  await cards.getByRole("button", { name: "Add a smart card" }).click();
}

async function read(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Read the card" }).click();
}
