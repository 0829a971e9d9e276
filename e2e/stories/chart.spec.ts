/** The chart beside the conversation: what must be known on the first screen, trends that open to be read at
 * arm's length, and what is withheld. */
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE, SMALL_PHONE } from "../support/browser.ts";
import { look, tooWide } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, small: SMALL_PHONE, desktop: DESKTOP } as const;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse on a ${view} screen reads the chart of the patient whom she writes about`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse(), options);
    const doctor = await phone(hospital.doctor());
    await nurse.enroll();
    await doctor.enroll();
    const { page } = nurse;
    const patient = await nurse.start([doctor.person], "a patient");
    const banner = page.getByRole("region", { name: "Patient" });
    nurse.traffic.length = 0;
    await banner.getByRole("link", { name: `${patient}, chart` }).click();
    await expect(page.getByRole("heading", { name: "Chart", level: 1 })).toBeFocused();
    await expect(banner).toContainText(patient);
    await expect(banner.getByRole("img", { name: "No photo" })).toBeVisible();
    const why = page.getByText("You may look because: you are on the care team.");
    await expect(why).toBeVisible();

    // All of it came with one request, and what must be known stands on the first screen.
    const essentials = page.getByRole("region", { name: "Essentials" });
    await expect(essentials).toContainText("Problems");
    await expect(essentials).toContainText("Care team");
    expect(asked(nurse)).toHaveLength(1);
    const end = await essentials.evaluate((shown) => shown.getBoundingClientRect().bottom);
    expect(end).toBeLessThanOrEqual(options.viewport.height);
    expect(await tooWide(page)).toEqual([]);
    await look(page, view, "chart");

    // A row for each thing that is measured; what needs a look is first, and says so in words.
    const labs = page.getByRole("list", { name: "Labs" });
    const first = labs.getByRole("button").first();
    await expect(first).toContainText(/\d/);
    const pressing = await labs
      .getByRole("button")
      .evaluateAll((rows) =>
        rows.map((row) => /High|Low|Critically|Abnormal/.test(row.textContent ?? "")),
      );
    expect(pressing.length).toBeGreaterThan(3);
    expect(pressing).toEqual([...pressing].sort((a, b) => Number(b) - Number(a)));
    await first.scrollIntoViewIfNeeded();
    await look(page, view, "chart-labs");
    const name = (await first.locator("strong").first().textContent()) ?? "";
    await first.click();
    const trend = page.getByRole("dialog", { name });
    await expect(trend.getByRole("img", { name: new RegExp(`${name}: `) })).toBeVisible();
    await expect(trend).toContainText("Reference range");
    const values = trend.getByRole("table", { name: "Values" });
    expect(await values.getByRole("row").count()).toBeGreaterThan(2);
    expect(await tooWide(page, "[role=dialog] *")).toEqual([]);
    await look(page, view, "chart-trend");
    // By the keyboard back to where it was opened.
    await page.keyboard.press("Escape");
    await expect(trend).toHaveCount(0);
    await expect(first).toBeFocused();

    // Each part is one tap away, for the thumb and for who hears the screen.
    const parts = page.getByRole("navigation", { name: "Parts of the chart" });
    await parts.getByRole("button", { name: /^Vitals/ }).click();
    await expect(page.getByRole("heading", { name: "Vitals", level: 2 })).toBeFocused();
    const pressure = page
      .getByRole("list", { name: "Vitals" })
      .getByRole("button", { name: /^Blood pressure/ });
    await expect(pressure).toContainText(/\d+\/\d+/);
    await look(page, view, "chart-vitals");
    await pressure.click();
    const both = page.getByRole("dialog", { name: "Blood pressure" });
    await expect(both).toContainText(/\d+\/\d+/);
    await look(page, view, "chart-pressure");
    await both.getByRole("button", { name: "Close" }).click();
    await expect(both).toHaveCount(0);
    await parts.getByRole("button", { name: /^Medications/ }).click();
    await expect(page.getByRole("heading", { name: "Medications", level: 2 })).toBeFocused();
    const active = page.getByRole("list", { name: "Active" });
    await expect(active.getByRole("listitem").first()).toBeVisible();
    await look(page, view, "chart-medications");
    await parts.getByRole("button", { name: /^Stays/ }).click();
    await expect(page.getByRole("list", { name: "Stays" })).toContainText("Here since");
    expect(await tooWide(page)).toEqual([]);

    // The notes are part of it.
    await parts.getByRole("link", { name: "Notes" }).click();
    await expect(page.getByRole("list", { name: "Notes" })).toBeVisible();
    await page.getByRole("button", { name: "Back to the conversation" }).click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    // Looking around asked for nothing more.
    expect(asked(nurse)).toHaveLength(1);
  });
}

test("what is sensitive is said to be there, and opens with a fresh fingerprint", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  await nurse.enroll();
  const { page } = nurse;
  const more = page.getByRole("region", { name: "There is more" });
  const ask = more.getByRole("button", { name: "Ask for it" });
  await openOne(nurse, async () => (await ask.count()) > 0);
  await expect(more).toContainText(/There is more: \d+ /);
  await look(page, "phone", "chart-withheld");
  const before = await more.textContent();

  const proof = page.waitForRequest(
    (request) =>
      request.method() === "POST" &&
      new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
  );
  await ask.first().click();
  expect((await proof).postDataJSON().scopes).toEqual(["sensitive_notes"]);
  await expect(ask).toHaveCount(0);
  expect(await more.textContent({ timeout: 1_000 }).catch(() => null)).not.toBe(before);
  await look(page, "phone", "chart-opened");
});

test("a porter sees whom to fetch, where, and what to be careful of", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const porter = await phone(hospital.person(({ role }) => role === "Porter"));
  await nurse.enroll();
  await porter.enroll();
  const patient = await nurse.start([porter.person], "a patient");
  await nurse.write("To radiology at ten, please");
  await porter.open(nurse.person.name);
  const { page } = porter;
  const banner = page.getByRole("region", { name: "Patient" });
  await banner.getByRole("link", { name: `${patient}, chart` }).click();
  await shown(page);
  await expect(banner).toContainText("MRN");
  await expect(page.getByRole("region", { name: "There is more" })).toContainText(
    "Your role sees a part of this record: who, where and what to be careful of.",
  );
  for (const part of ["Labs", "Vitals", "Medications", "Reports"]) {
    await expect(page.getByRole("heading", { name: part, level: 2 })).toHaveCount(0);
  }
  await expect(page.getByText("Problems", { exact: true })).toHaveCount(0);
  await expect(page.getByRole("list", { name: "Stays" })).toContainText("Bed");
  await look(page, "phone", "chart-porter");
});

/** The requests for records of patients. */
function asked({ traffic }: Phone): string[] {
  return traffic.filter((line) => /GET \/v1\/patients\/[^/]+(\/chart)? /.test(line));
}

/** Opens one of this person's patients after the other, until the chart is of that kind. */
async function openOne({ page }: Phone, isIt: () => Promise<boolean>): Promise<void> {
  const { origin } = new URL(page.url());
  for (let nth = 0; ; nth += 1) {
    await page.goto(`${origin}/#/patients`);
    const own = page.getByRole("list", { name: "Your patients" });
    await own.getByRole("listitem").nth(nth).getByRole("button").click();
    await shown(page);
    if (await isIt()) {
      return;
    }
  }
}

async function shown(page: Page): Promise<void> {
  await expect(page.getByRole("region", { name: "Essentials" })).toBeVisible();
}

test("a physician of the ward opens the chart of a patient whom another treats, and is told why", async ({
  hospital,
  phone,
}) => {
  const called = (user: string) => hospital.person((person) => person.user === user);
  const physicians = [await phone(called("ingrid.solberg")), await phone(called("rahul.menon"))];
  for (const each of physicians) {
    await each.enroll();
    await each.page.goto(`${hospital.url}/#/patients`);
  }
  // Each is the attending physician of some patients of the ward, and the other's are on it, too.
  const reasons: string[] = [];
  for (const { page } of physicians) {
    const own = page.getByRole("list", { name: "Your patients" });
    await expect(own.getByRole("button").first()).toBeVisible();
    const count = await own.getByRole("button").count();
    for (let nth = 0; nth < count; nth++) {
      await own.getByRole("button").nth(nth).click();
      const why = page.getByText(/^You may look because: /);
      await expect(why).toBeVisible();
      reasons.push((await why.textContent()) ?? "");
      await page.getByRole("button", { name: "All patients" }).click();
    }
  }
  expect(reasons).toContain("You may look because: you are on the care team.");
  expect(reasons).toContain("You may look because: the patient is on your ward this shift.");
});
