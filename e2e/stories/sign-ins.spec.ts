/** Unusual sign-ins: their people say whose they were, security officers see everyone's. */
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse on a ${view} says of an unusual sign-in whose it was`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse(), options);
    const other = await phone(nurse.person);
    await nurse.enroll();
    await nurse.addDevice(other);
    const { page } = nurse;
    await raised(page, "**/v1/risk/own", () => true);
    await page.goto(`${hospital.url}/#/`);
    await page.goto(`${hospital.url}/#/security`);
    const mine = page.getByRole("region", { name: "Your sign-ins" });
    const unusual = mine.getByRole("list", { name: "Unusual sign-ins" }).locator("> li");
    await expect(unusual).toHaveCount(2);
    await expect(unusual.first()).toContainText("You have not signed in from this network before.");
    await mine.scrollIntoViewIfNeeded();
    await look(page, view, "sign-ins");

    // Whoever holds the device could say so of themselves.
    const here = unusual.filter({ hasText: "This session" });
    await here.getByRole("button", { name: /^This was me/ }).click();
    await expect(here.getByRole("alert")).toContainText("Say so on another device of yours");
    await look(page, view, "sign-ins-refused");

    const there = unusual.filter({ hasNotText: "This session" });
    await there.getByRole("button", { name: /^This was not me/ }).click();
    const asking = page.getByRole("dialog", { name: "Was it not you?" });
    await expect(asking).toContainText("Its session ends at once.");
    await look(page, view, "sign-ins-not-me");
    await asking.getByRole("button", { name: "It was not me" }).click();
    await expect(asking).toHaveCount(0);
    await expect(there).toContainText("It was said that this was not you");
    await expect(there.getByRole("button")).toHaveCount(0);
    await expect(mine.getByRole("heading", { name: "Your sign-ins" })).toBeFocused();
    await expect(other.page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
  });

  test(`a security officer on a ${view} sees whom the rules ask, and clears a sign-in`, async ({
    hospital,
    phone,
  }) => {
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      options,
    );
    await officer.enroll();
    const { page } = officer;
    await page.context().route("**/v1/risk/report", (route) => route.fulfill({ json: REPORT }));
    await page.goto(`${hospital.url}/#/officer`);
    await page.getByRole("link", { name: "Sign-ins", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Unusual sign-ins", level: 1 })).toBeFocused();
    const asked = page.getByRole("region", { name: "What is asked" });
    await expect(asked.getByRole("listitem")).toHaveText([
      /^Asks for the passkey again from 60 on: /,
      /^Asks for a code from 75 on: /,
      /^Refuses what is sensitive from 90 on: /,
    ]);
    const list = page.getByRole("region", { name: "Sign-ins", exact: true });
    await list.getByRole("button", { name: /^All/ }).click();
    await list.getByRole("searchbox").fill("nobody of this name");
    await expect(list.getByRole("status")).toBeVisible();

    const report = page.getByRole("region", { name: "Who is asked how often" });
    await expect(report).toContainText("1 group is asked more than 1.2 times as often");
    const roles = report.getByRole("table", { name: "By role" });
    await expect(roles.getByRole("row", { name: /^Nurse/ })).toContainText(
      "Asked 1.6 times as often as all others.",
    );
    await expect(roles.getByRole("row", { name: /^Chaplain/ })).toContainText("Too few to say");
    await look(page, view, "risk");
    await report.scrollIntoViewIfNeeded();
    await look(page, view, "risk-report");
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
  });
}

test("whoever signs out is not told to sign in again", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  await nurse.enroll();
  const { page } = nurse;
  await page.goto(`${hospital.url}/#/security`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
  await expect(page.getByText(/Sign in again/)).toHaveCount(0);
  await nurse.unlock();
  await page.setViewportSize(SMALL);
  await page.goto(`${hospital.url}/#/`);
  await expect(page.getByRole("button", { name: "New message" })).toBeVisible();
  expect(await tooWide(page)).toEqual([]);
});

interface SignIn {
  risk: number;
  was_me?: boolean | null;
  reasons: { name: string; sentence: string; detail: string }[];
}

/** Real sign-ins, told as if they had been unusual: those of a test all come from one place. */
async function raised(page: Page, url: string, which: (signIn: SignIn) => boolean): Promise<void> {
  await page.context().route(url, async (route) => {
    const response = await route.fetch();
    const told = (await response.json()) as { sign_ins: SignIn[] };
    for (const signIn of told.sign_ins.filter(which)) {
      signIn.risk = 82;
      signIn.reasons = [
        {
          name: "new_network",
          sentence: "You have not signed in from this network before.",
          detail: "The person was not seen by this network.",
        },
        {
          name: "off_duty",
          sentence: "By the roster you are off duty.",
          detail: "The roster has the person off.",
        },
      ];
    }
    await route.fulfill({ response, json: told });
  });
}

const group = (
  by: string,
  name: string,
  sign_ins: number,
  asked: number,
  ratio: number | null,
) => ({
  by,
  name,
  sign_ins,
  asked,
  refused: 1,
  confirmed: Math.max(0, asked - 1),
  disowned: 0,
  asked_share: asked / sign_ins,
  ratio,
});

const REPORT = {
  from: Date.UTC(2026, 7, 1),
  to: Date.UTC(2026, 9, 31),
  few: 50,
  groups: [
    group("role", "Nurse", 820, 13, 1.6),
    group("role", "Hospitalist", 510, 5, 0.6),
    group("role", "Chaplain", 12, 1, null),
    group("shift", "day", 900, 12, 1.1),
    group("shift", "night", 410, 5, 0.9),
    group("facility", "Harbour Clinic, Department of Respiratory Medicine", 1300, 17, 1.0),
  ],
};

/** What stands out of the window to the side. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("main *")]
      .filter((each) => each.offsetParent && each.getBoundingClientRect().right > innerWidth + 1)
      .filter((each) => !each.classList.contains("visually-hidden"))
      .map((each) => each.outerHTML.slice(0, 100)),
  );
}
