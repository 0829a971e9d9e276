/** Unusual sign-ins: their people say whose they were, security officers see everyone's. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { Founding } from "../support/founding.ts";
import { look, tooWide } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A hospital that says where it stands, and tells of every sign-in that is at all unusual. */
const STANDS = [
  "[risk]",
  "step_up = 1",
  "second = 101",
  "deny = 101",
  "grounds = [{ latitude = 44.1037, longitude = -69.1089, radius_m = 400 }]",
];
const FAR_AWAY = { latitude: 48.8571, longitude: 2.3521, accuracy: 40 };

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

for (const [view, options] of Object.entries(VIEWS)) {
  test(`somebody on a ${view} says of a sign-in that it was not them`, async ({ phone }) => {
    const founding = await Founding.open();
    const person = await phone(founding.officer, options);
    await person.enroll();
    const { page } = person;
    await page.goto(`${founding.url}/#/security`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await person.unlock();
    await page.goto(`${founding.url}/#/security`);
    const mine = page.getByRole("region", { name: "Your sign-ins" });
    await mine.getByText(/^Your last \d+ other sign-ins$/).click();
    await mine.scrollIntoViewIfNeeded();
    await look(page, view, "sign-ins");
    const before = mine.getByRole("listitem").filter({ hasNotText: "This session" }).first();
    await before.getByRole("button", { name: /^This was not me/ }).click();
    const asking = page.getByRole("dialog", { name: "Was it not you?" });
    await expect(asking).toContainText("Its session ends at once.");
    await look(page, view, "sign-ins-not-me");
    await asking.getByRole("button", { name: "It was not me" }).click();
    await expect(asking).toHaveCount(0);
    const there = mine.getByRole("list", { name: "Unusual sign-ins" }).locator("> li");
    await expect(there).toContainText("It was said that this was not you");
    await expect(there.getByRole("button")).toHaveCount(0);
    await expect(mine.getByRole("heading", { name: "Your sign-ins" })).toBeFocused();
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
    await founding.close();
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
    await page.goto(`${hospital.url}/#/officer`);
    await page.getByRole("link", { name: "Sign-ins", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Unusual sign-ins", level: 1 })).toBeVisible();
    const asked = page.getByRole("region", { name: "What is asked" });
    await expect(asked.locator("ol > li")).toHaveText([
      /^Asks for the passkey again from 60 on: /,
      /^Asks for a code from 75 on: /,
      /^Refuses what is sensitive from 90 on: /,
    ]);
    const rules = asked.getByRole("list", { name: "What was asked" }).getByRole("listitem");
    await expect(rules.first()).toHaveText(
      /^A code, off duty on a network .* \(\d+ sessions?\)\.$/,
    );
    const list = page.getByRole("region", { name: "Sign-ins", exact: true });
    await list.getByRole("button", { name: /^All/ }).click();
    await list.getByRole("searchbox").fill("nobody of this name");
    await expect(list.getByRole("status")).toBeVisible();

    const report = page.getByRole("region", { name: "Who is asked how often" });
    const roles = report.getByRole("table", { name: "By role" });
    await expect(roles.getByRole("row", { name: /^Security officer/ })).toContainText(
      "Too few to say",
    );
    await look(page, view, "risk");
    await report.scrollIntoViewIfNeeded();
    await look(page, view, "risk-report");
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
  });
}

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a security officer on a ${view} sees at a glance that sessions are shut out`, async ({
    hospital,
    phone,
  }) => {
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      options,
    );
    // Which sessions are is the model's to say: the number alone is changed.
    await officer.context.route("**/v1/risk", async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as object;
      await route.fulfill({ response, json: { ...body, waiting: 2 } });
    });
    await officer.enroll();
    const { page } = officer;
    const navigation = page.getByRole("navigation", { name: "Main" });
    await navigation.getByRole("link", { name: /, 2 sessions are shut out$/ }).click();
    const part = page.getByRole("link", { name: /^Sign-ins ?, 2 sessions are shut out$/ });
    await look(page, view, "shut-out-link");
    await part.click();
    await expect(page.getByText("2 sessions look so unlike")).toBeVisible();
    await look(page, view, "shut-out");
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
  });
}

test("somebody lets their phone tell where it is, and a sign-in from far away looks unusual", async ({
  phone,
}) => {
  const founding = await Founding.open(STANDS);
  const person = await phone(founding.officer);
  await person.enroll();
  const { page, context } = person;
  const security = `${founding.url}/#/security`;
  await page.goto(security);
  const part = page.getByRole("region", { name: "Position at sign-in" });
  const tells = part.getByRole("switch");
  await expect(tells).not.toBeChecked();
  // The browser, or its person, does not want to.
  await context.grantPermissions([], { origin: founding.url });
  await tells.click();
  await expect(part.getByRole("alert")).toContainText("Allow it in the browser's settings");
  await expect(tells).not.toBeChecked();
  await part.scrollIntoViewIfNeeded();
  await look(page, "phone", "position-refused");

  await context.setGeolocation(FAR_AWAY);
  await context.grantPermissions(["geolocation"], { origin: founding.url });
  await tells.click();
  await expect(tells).toBeChecked();
  await expect(part.getByRole("alert")).toHaveCount(0);
  await look(page, "phone", "position");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await person.unlock();
  await page.goto(security);
  const unusual = page.getByRole("list", { name: "Unusual sign-ins" }).locator("> li");
  const current = unusual.filter({ hasText: "This session" });
  const far = "Your device and your network tell of different places.";
  await expect(current).toContainText(far);
  await current.scrollIntoViewIfNeeded();
  await look(page, "phone", "sign-ins-far-away");

  // Switched off, nothing is told any more.
  await tells.click();
  await expect(tells).not.toBeChecked();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await person.unlock();
  await page.goto(security);
  const mine = page.getByRole("region", { name: "Your sign-ins" });
  await expect(mine.getByText("This session")).toBeAttached();
  await expect(mine.getByText(far)).toHaveCount(1);
  await page.setViewportSize(SMALL);
  expect(await tooWide(page)).toEqual([]);
  await founding.close();
});

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
