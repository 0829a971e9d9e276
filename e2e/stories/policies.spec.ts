/** Changing what everyone may do: one officer drafts it, another one approves it. */
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { agreed } from "../support/consent.ts";
import { look, tooWide } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

const ADVICE = "Patients are looked up on the wards' workstations this week.";

const RULE = `
@id("workstations_only")
@reason("workstations_only")
@advice("${ADVICE}")
forbid (
  principal is Wardline::Person,
  action == Wardline::Action::"patient.search",
  resource
)
unless { context.riskk < 0 };
`;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`officers on a ${view} change a policy between them`, async ({ hospital, phone }) => {
    test.slow();
    const isOfficer = ({ role }: { role: string }) => role === "Security officer";
    const first = await phone(hospital.person(isOfficer), options);
    const second = await phone(hospital.person(isOfficer), options);
    const nurse = await phone(hospital.nurse());
    await first.enroll();
    await second.enroll();
    await nurse.enroll();
    // What the replay has to go by: the nurse looks for her patients.
    await ownPatients(nurse.page, hospital.url);
    await expect(nurse.page.getByRole("list", { name: "Your patients" })).toBeVisible();

    const { page } = first;
    await page.getByRole("link", { name: "Policies", exact: true }).click();
    const versions = page.getByRole("list", { name: "Versions" });
    await expect(versions.getByRole("listitem")).toHaveText([/Version 0.*In force/]);
    await look(page, view, "policies");
    await page.getByRole("button", { name: "Start a draft" }).click();
    await page.getByRole("tab", { name: "wardline.cedarschema" }).click();
    const schema = page.getByRole("textbox", { name: "Text of wardline.cedarschema" });
    await expect(schema).not.toBeEditable();
    await page.getByRole("tab", { name: "charts.cedar" }).click();
    const editor = page.getByRole("textbox", { name: "Text of charts.cedar" });
    const before = await editor.inputValue();
    await editor.fill(`${before}${RULE}`);

    // A mistake is told by its place, and the editor goes there.
    await page.getByRole("button", { name: "Check" }).click();
    const result = page.getByRole("region", { name: "Result of the check" });
    const line = `${before}${RULE}`
      .slice(0, `${before}${RULE}`.indexOf("riskk"))
      .split("\n").length;
    const problem = result.getByRole("button", { name: `charts.cedar, line ${line}, column` });
    await expect(problem).toBeVisible();
    await expect(
      page.getByRole("tab", { name: /charts\.cedar ?, changed ?, \d+ problems?/ }),
    ).toBeVisible();
    await look(page, view, "policy-problem");
    await problem.click();
    await expect(editor).toBeFocused();
    expect(await selectedLine(page)).toBe(line);
    await look(page, view, "policy-place");

    await editor.fill(`${before}${RULE.replace("riskk", "risk")}`);
    await expect(page.getByText("The texts were changed since. Check them again.")).toBeVisible();
    await page.getByRole("button", { name: "Check" }).click();
    await expect(result).toContainText("Nothing is wrong with the texts.");
    await expect(result).toContainText("1 change");
    await expect(
      result.getByRole("heading", { name: /^Added: charts\.workstations_only/ }),
    ).toBeVisible();
    await expect(result.getByRole("listitem").filter({ hasText: ADVICE })).toContainText("Added:");
    await result.scrollIntoViewIfNeeded();
    await look(page, view, "policy-changes");

    const replay = page.getByRole("region", { name: "Replay" });
    await replay.getByRole("radio", { name: "Last day" }).check();
    await replay.getByRole("button", { name: "Replay" }).click();
    await expect(replay.getByRole("heading", { name: "Would be refused" })).toBeVisible();
    const refused = replay.getByRole("listitem").filter({ hasText: "patient.search" }).first();
    await expect(refused).toContainText(ADVICE);
    await refused.getByText("Examples").click();
    await expect(refused).toContainText(nurse.person.name);
    await replay.scrollIntoViewIfNeeded();
    await look(page, view, "policy-replay");

    const who = page.getByRole("region", { name: "Who can" });
    await who.getByRole("combobox", { name: "Who can …" }).selectOption("patient.search");
    await expect(who.getByRole("heading", { name: /^Cannot: \d+ people$/ })).toBeVisible();
    await expect(who.getByRole("heading", { name: /^Can: / })).toHaveCount(0);
    await who.scrollIntoViewIfNeeded();
    await look(page, view, "policy-who-can");

    // The draft stays while the app does, and the browser asks before it goes.
    await page.goto(`${hospital.url}/#/`);
    await page.goto(`${hospital.url}/#/policies`);
    expect(await asksBeforeItGoes(page)).toBe(true);
    await page.getByRole("link", { name: "Your draft from Version 0" }).click();
    await expect(page.getByRole("tab", { name: /charts\.cedar ?, changed/ })).toBeVisible();
    if (view === "phone") {
      await page.setViewportSize(SMALL);
      expect(await tooWide(page)).toEqual([]);
      await page.setViewportSize(PHONE.viewport);
    }
    await page.getByRole("button", { name: "Check" }).click();
    await page
      .getByRole("textbox", { name: "What changes, and why" })
      .fill("Patients are looked up on workstations while the search is mended.");
    await page.getByRole("button", { name: "Propose" }).click();
    await expect(page.getByRole("heading", { name: "Version 1", level: 1 })).toBeVisible();
    await expect(page.getByText("You drafted it: another security officer")).toBeVisible();
    await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);
    expect(await asksBeforeItGoes(page)).toBe(false);
    await look(page, view, "policy-proposed");

    // The second officer sees the same change before it is theirs too.
    await second.page.getByRole("link", { name: "Policies", exact: true }).click();
    await second.page.getByRole("link", { name: "Version 1" }).click();
    const compared = second.page.getByRole("region", { name: "What it changes of Version 0" });
    await expect(
      compared.getByRole("heading", { name: /^Added: charts\.workstations_only/ }),
    ).toBeVisible();
    await look(second.page, view, "policy-to-approve");
    await second.page.getByRole("button", { name: "Approve" }).click();
    const asking = second.page.getByRole("dialog", { name: "Approve Version 1?" });
    await expect(asking).toContainText("It decides for everyone at once.");
    await look(second.page, view, "policy-approve");
    await asking.getByRole("button", { name: "Approve" }).click();
    await agreed(second.page, second.page.getByText("In force", { exact: true }));
    await expect(second.page.getByText(`Approved by ${second.person.name}`)).toBeVisible();
    await look(second.page, view, "policy-in-force");

    // It decides from now on, and says in its own words why not.
    await nurse.page.reload();
    await nurse.unlock();
    await ownPatients(nurse.page, hospital.url);
    await expect(nurse.page.getByText(ADVICE)).toBeVisible();
  });
}

test("an officer sees which version waits for its date, and takes it back first", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const isOfficer = ({ role }: { role: string }) => role === "Security officer";
  const first = await phone(hospital.person(isOfficer));
  const second = await phone(hospital.person(isOfficer));
  await first.enroll();
  await second.enroll();
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000);
  await propose(first.page, hospital.url, 1, tomorrow);
  await propose(first.page, hospital.url, 2);

  const { page } = second;
  const approve = page.getByRole("button", { name: "Approve", exact: true });
  const state = (text: string) => page.getByText(text, { exact: true });
  await page.goto(`${hospital.url}/#/policies`);
  await page.getByRole("link", { name: "Version 1" }).click();
  await approve.click();
  await page
    .getByRole("dialog", { name: "Approve Version 1?" })
    .getByRole("button", { name: "Approve" })
    .click();
  await agreed(page, state("Approved, waits for its date"));

  await page.getByRole("button", { name: "All policies" }).click();
  await page.getByRole("link", { name: "Version 2" }).click();
  await expect(page.getByRole("note")).toContainText(
    "Version 1 is approved and takes effect tomorrow",
  );
  await expect(approve).toHaveCount(0);
  await look(page, "phone", "policy-waits");
  await page.setViewportSize(SMALL);
  expect(await tooWide(page)).toEqual([]);
  await page.setViewportSize(PHONE.viewport);
  await page.getByRole("button", { name: "Withdraw Version 1" }).click();
  const sure = page.getByRole("dialog", { name: "Withdraw Version 1?" });
  await sure.getByRole("button", { name: "Withdraw" }).click();
  await agreed(page, approve);
  await expect(page.getByRole("note")).toHaveCount(0);
  await approve.click();
  await page
    .getByRole("dialog", { name: "Approve Version 2?" })
    .getByRole("button", { name: "Approve" })
    .click();
  await agreed(page, state("In force"));
});

test("an auditor reads the policies and changes nothing", async ({ hospital, phone }) => {
  const auditor = await phone(hospital.person(({ role }) => role === "Auditor"));
  await auditor.enroll();
  const { page } = auditor;
  await page.getByRole("link", { name: "Policies", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start a draft" })).toHaveCount(0);
  await page.getByRole("link", { name: "Version 0" }).click();
  await page.getByRole("tab", { name: "charts.cedar" }).click();
  await expect(page.getByRole("textbox", { name: "Text of charts.cedar" })).not.toBeEditable();
  await expect(page.getByRole("region", { name: "Who can" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Start a draft from it" })).toHaveCount(0);
  await page.setViewportSize(SMALL);
  await look(page, "phone", "policy-read-only");
  expect(await tooWide(page)).toEqual([]);
});

/** Drafts the rule from what is in force and hands it to the other officer, as this version. */
async function propose(page: Page, url: string, version: number, at?: Date): Promise<void> {
  await page.goto(`${url}/#/policies`);
  await page.getByRole("button", { name: "Start a draft" }).click();
  await page.getByRole("tab", { name: "charts.cedar" }).click();
  const editor = page.getByRole("textbox", { name: "Text of charts.cedar" });
  const before = await editor.inputValue();
  await editor.fill(`${before}${RULE.replace("riskk", "risk")}`);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("textbox", { name: "What changes, and why" }).fill("Workstations only.");
  if (at) {
    const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString();
    await page.getByLabel(/^Takes effect/).fill(local.slice(0, "2026-01-01T00:00".length));
  }
  await page.getByRole("button", { name: "Propose" }).click();
  await agreed(page, page.getByRole("heading", { name: `Version ${version}`, level: 1 }));
}

/** Opens the list of a person's own patients, as before a conversation about one. */
async function ownPatients(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/#/new`);
  await page.getByRole("button", { name: "Choose", exact: true }).click();
}

/** The line in which the selection of the focused field begins. */
function selectedLine(page: Page): Promise<number | null> {
  return page.evaluate(() => {
    const field = document.activeElement;
    return field instanceof HTMLTextAreaElement
      ? field.value.slice(0, field.selectionStart).split("\n").length
      : null;
  });
}

/** Whether the page would hold the browser back from loading it anew. */
function asksBeforeItGoes(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const leaving = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(leaving);
    return leaving.defaultPrevented;
  });
}
