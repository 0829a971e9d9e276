/** One nurse on her rostered night, and on her day off somewhere else: when she is asked for more, and
 * what the audit log says of it. By a clock of their own, so that the night is a night. */
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, type Page } from "@playwright/test";
import { DESKTOP, LAUNCH, PHONE } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { Hospital } from "../support/hospital.ts";
import { look } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { BINARY, run } from "../support/process.ts";
import { test as base, expect, type Story } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** At a friend's: no network of the hospital's, and one on which she never was. */
const ELSEWHERE = "203.0.113.9";
const SERIAL = "GX-0417";
const SECRET = Buffer.from("27182818284590452353");
const REASON = "You are off shift, and on a network on which you were not seen before.";

/** The day on which it begins, by its clock; hospital time is UTC. */
const TODAY = new Date(new Date().setUTCHours(0, 0, 0, 0));

/** A hospital and a browser that live by a clock which the story moves on. */
const test = base.extend<Pick<Story, "hospital">, { clock: Clock }>({
  clock: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
    async ({}, use) => {
      const clock = await Clock.at(at(0, 14));
      await use(clock);
      await clock.close();
    },
    { scope: "worker" },
  ],
  browser: [
    async ({ clock }, use) => {
      const browser = await chromium.launch({ ...LAUNCH, env: { ...process.env, ...clock.env } });
      await use(browser);
      await browser.close();
    },
    { scope: "worker" },
  ],
  hospital: [
    async ({ clock }, use) => {
      await clock.set(at(0, 14));
      const hospital = await Hospital.open(["--proxy", "127.0.0.1/32"], clock);
      await use(hospital);
      await hospital.close();
    },
    { scope: "test", timeout: 240_000 },
  ],
});

for (const [view, options] of Object.entries(VIEWS)) {
  test(`on a ${view} a rostered night asks nothing, a strange noon asks for the card's code`, async ({
    clock,
    hospital,
    phone,
  }) => {
    const nurse = await phone(
      hospital.person(({ user }) => user === "amara.osei"),
      options,
    );
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      DESKTOP,
    );
    const { page } = nurse;

    // In the afternoon: her phone, her card, and two nights on the roster; the days after are hers.
    await nurse.enroll();
    await officer.enroll();
    const user = await idOf(nurse);
    await handOut(officer.page, nurse.person.name);
    await page.goto(`${hospital.url}/#/security`);
    const codes = page.getByRole("region", { name: "One-time codes" });
    const card = codes.getByRole("listitem").filter({ hasText: `Token card ${SERIAL}` });
    await card.getByRole("button", { name: "Type its first code" }).click();
    const first = page.getByRole("dialog", { name: "Type its first code" });
    await first.getByRole("textbox", { name: "Code" }).fill(press(0));
    await first.getByRole("button", { name: "Confirm" }).click();
    await expect(card).toContainText("last used just now");
    await roster(hospital, nurse.person.user, [
      [at(0, 19), at(1, 7)],
      [at(1, 19), at(2, 7)],
      [at(7, 19), at(8, 7)],
    ]);

    // Five past seven in the evening, on the ward: the passkey, and nothing else.
    await clock.set(at(0, 19, 5));
    nurse.traffic.length = 0;
    await page.goto(`${hospital.url}/#/patients`);
    await page.reload();
    await nurse.unlock();
    const own = page.getByRole("list", { name: "Your patients" });
    await expect(own).toBeVisible();
    const unusual = page.getByRole("region", { name: "This session looks unusual" });
    await expect(unusual).toHaveCount(0);
    await look(page, view, "night-begins");
    const patient = (await own.locator("strong").first().textContent()) ?? "";
    await search(page, patient);
    await expect(page.getByRole("list", { name: "Patients found" })).toContainText(patient);
    await expect(page.getByRole("dialog")).toHaveCount(0);
    expect(proofs(nurse)).toEqual([]);
    expect(nurse.traffic.filter((line) => /problem:(step-up|denied)/.test(line))).toEqual([]);

    // In that night a psychiatry note asks for a fresh fingerprint, though she has just signed in.
    await openPsychiatryNote(page);
    expect(proofs(nurse).length).toBeGreaterThan(0);
    await look(page, view, "night-psychiatry-note");

    // Noon three days later, on a day off and on somebody else's network.
    await clock.set(at(3, 12));
    await nurse.context.route("**/v1/**", (route) =>
      route.continue({
        headers: { ...route.request().headers(), "x-forwarded-for": ELSEWHERE },
      }),
    );
    await page.goto(`${hospital.url}/#/`);
    await page.reload();
    await nurse.unlock();
    await expect(unusual).toContainText("By the roster you are off duty.");
    await look(page, view, "noon-unusual");
    await page.getByRole("link", { name: "Patients", exact: true }).click();
    const asking = page.getByRole("dialog", { name: "Type a one-time code" });
    await expect(asking).toContainText(REASON);
    await expect(asking).toContainText("Type the code of your card or app.");
    await look(page, view, "noon-code");
    await asking.getByRole("textbox", { name: "Code" }).fill(press(1));
    await asking.getByRole("button", { name: "Confirm" }).click();
    await expect(asking).toHaveCount(0);
    await expect(own).toContainText(patient);
    await expect(unusual).toHaveCount(0);
    await look(page, view, "noon-confirmed");

    // Each of these is in the audit log, with its reasons.
    const hers = (await log(hospital)).filter(({ actor }) => actor.user === user);
    const night = between(hers, at(0, 19), at(0, 20));
    const [evening, ...others] = night.filter(({ kind }) => kind === "session.started");
    expect(others).toEqual([]);
    expect(evening).toMatchObject({
      outcome: "allow",
      reasons: ["people.public"],
      detail: { place: "house", unusual: [] },
    });
    const asked = night.filter(({ outcome }) => outcome !== "allow");
    expect(new Set(asked.map(({ action }) => action))).toEqual(new Set(["note.read"]));
    for (const event of asked) {
      expect(event).toMatchObject({
        kind: "request.refused",
        outcome: "step_up",
        reasons: ["charts.sensitive_note", "user_verification"],
      });
    }
    expect(night.filter(({ kind }) => kind === "session.verified")).toMatchObject([
      { outcome: "allow", detail: { scopes: ["sensitive_notes"] } },
    ]);

    const noon = between(hers, at(3, 12), at(3, 13));
    const [strange] = noon.filter(({ kind }) => kind === "session.started");
    expect(strange).toMatchObject({ outcome: "allow", detail: { place: "new" } });
    expect(strange?.detail.unusual).toContain("off_duty");
    const refused = noon.filter(({ outcome }) => outcome === "step_up");
    expect(refused.length).toBeGreaterThan(0);
    for (const event of refused) {
      expect(event).toMatchObject({
        kind: "request.refused",
        action: "patient.search",
        reasons: ["risk.off_duty_elsewhere", "one_time_code"],
      });
    }
    // Refused, proven by the card, allowed.
    const order = noon.map(({ kind, action }) => `${kind} ${action}`);
    const proven = order.indexOf("session.code_verified factor.use");
    expect(order.indexOf("request.refused patient.search")).toBeLessThan(proven);
    expect(order.lastIndexOf("request.allowed patient.search")).toBeGreaterThan(proven);
  });
}

/** So many days after that, at this time. */
function at(days: number, hour: number, minute = 0): Date {
  return new Date(TODAY.getTime() + ((days * 24 + hour) * 60 + minute) * 60_000);
}

async function idOf({ page }: Phone): Promise<string> {
  const told = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/me");
  await page.reload();
  await page.getByRole("button", { name: "Unlock with fingerprint" }).click();
  const me: { user: { id: string } } = await (await told).json();
  return me.user.id;
}

/** The card is read in and handed out, as its first owner gets it. */
async function handOut(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Officer", exact: true }).click();
  const cards = page.getByRole("region", { name: "Token cards" });
  const lines = [
    "serial,type,secret_hex,maker,model",
    `${SERIAL},hotp,${SECRET.toString("hex")},Feitian,C100`,
  ];
  await cards.locator("input[type=file]").setInputFiles({
    name: "cards.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`${lines.join("\n")}\n`),
  });
  await cards.getByRole("button", { name: "Read it in" }).click();
  await cards.getByRole("button", { name: `Hand out ${SERIAL}` }).click();
  const handing = page.getByRole("dialog", { name: `Hand out card ${SERIAL}` });
  await handing.getByRole("searchbox", { name: /^Person/ }).fill(name);
  await handing.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await handing.getByRole("button", { name: "Hand out" }).click();
  await expect(handing).toHaveCount(0);
}

/** What the display of the card shows at this press of its button, from 0 (RFC 4226 §5.3). */
function press(counter: number): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", SECRET).update(moving).digest();
  const number = mac.readUInt32BE(mac.readUInt8(mac.length - 1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The hospital's plan has these shifts of hers, and no others meanwhile. */
async function roster(
  { folder }: Hospital,
  username: string,
  shifts: readonly (readonly [Date, Date])[],
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "wardline-roster-"));
  const file = join(scratch, "shifts.csv");
  const rows = shifts.map(([from, until]) =>
    [username, from.toISOString(), until.toISOString()].join(","),
  );
  await writeFile(file, ["username,from,until", ...rows, ""].join("\n"));
  await run("schedule", "import", file, "--data", folder);
  await rm(scratch, { recursive: true, force: true });
}

async function search(page: Page, patient: string): Promise<void> {
  await page.getByRole("searchbox", { name: "Name or MRN" }).fill(patient);
}

/** That of the first of her patients whom a psychiatrist was asked to see. */
async function openPsychiatryNote(page: Page): Promise<void> {
  await search(page, "");
  for (let nth = 0; ; nth += 1) {
    const own = page.getByRole("list", { name: "Your patients" });
    await own.getByRole("listitem").nth(nth).getByRole("button").click();
    await page
      .getByRole("navigation", { name: "Parts of the chart" })
      .getByRole("link", { name: "Notes" })
      .click();
    const notes = page.getByRole("list", { name: "Notes" });
    await expect(notes).toBeVisible();
    const psychiatry = notes.getByRole("listitem").filter({ hasText: /^Psychiatry consult note/ });
    if ((await psychiatry.count()) > 0) {
      await psychiatry.first().getByRole("link").click();
      await expect(page.getByRole("article")).toContainText("That you opened this is recorded.");
      return;
    }
    await page.getByRole("button", { name: "Back to the chart" }).click();
    await page.getByRole("button", { name: "All patients" }).click();
  }
}

/** What was proven beyond the sign-in. */
function proofs(phone: Phone): string[] {
  return phone.traffic.filter((line) => line.includes(" /v1/sessions/step-up"));
}

interface Logged {
  kind: string;
  at: number;
  actor: { user?: string };
  action: string;
  resource: string;
  outcome: string;
  reasons: string[];
  detail: Record<string, unknown>;
}

function between(events: readonly Logged[], from: Date, until: Date): Logged[] {
  return events.filter((event) => event.at >= from.getTime() && event.at < until.getTime());
}

/** The hospital's audit log, as an auditor gets and verifies it. */
async function log({ folder }: Hospital): Promise<Logged[]> {
  const { stdout } = await promisify(execFile)(
    BINARY,
    ["audit", "export", "--data", folder, "--format", "ndjson"],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).payload)
    .filter(Boolean);
}
