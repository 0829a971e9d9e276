/** The notes of a chart: what is ordinary opens at once, what is sensitive asks who is there. */
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import type { Person } from "../support/hospital.ts";
import { look, tooWide } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

const PSYCHIATRY = /^Psychiatry consult note/;
const RECORDED = "That you opened this is recorded.";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse on a ${view} reads the notes of her patient's chart`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse(), options);
    const doctor = await phone(hospital.doctor());
    await nurse.enroll();
    await doctor.enroll();
    const { page } = nurse;
    const patient = await openChart(nurse, doctor.person);
    // The chart's patient stays above everything.
    await expect(page.getByRole("heading", { name: "Notes", level: 1 })).toBeFocused();
    await expect(page.getByRole("region", { name: "Patient" })).toContainText(patient);
    const notes = page.getByRole("list", { name: "Notes" });
    const psychiatry = notes.getByRole("listitem").filter({ hasText: PSYCHIATRY });
    await expect(psychiatry.first()).toContainText(
      "There is more; open it and you are asked for your fingerprint.",
    );
    await expect(psychiatry.first().getByRole("list", { name: "Labels" })).toContainText(
      "Psychiatry",
    );
    await look(page, view, "notes");

    // An ordinary note opens at once: nothing is to be proven for it.
    await notes.getByRole("link", { name: /^Admission note/ }).click();
    const text = page.getByRole("article");
    await expect(text).toContainText(RECORDED);
    expect(proofs(nurse)).toBe(0);
    await look(page, view, "note");
    await page.getByRole("button", { name: "All notes" }).click();

    // A psychiatry note wants a fresh fingerprint, although she has just signed in.
    const proof = page.waitForRequest(
      (request) =>
        request.method() === "POST" &&
        new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
    );
    await psychiatry.first().getByRole("link").click();
    expect((await proof).postDataJSON().scopes).toEqual(["sensitive_notes"]);
    await expect(text).toContainText(RECORDED);
    await expect(text.getByRole("list", { name: "Labels" })).toContainText("Psychiatry");
    const words = await lastParagraph(page);
    await look(page, view, "note-sensitive");
    if (view === "phone") {
      await page.setViewportSize(SMALL);
      await look(page, view, "note-small");
      expect(await tooWide(page)).toEqual([]);
      await page.setViewportSize(PHONE.viewport);
    }

    // It is put away when the app goes to the background, and stays so until she opens it again.
    await seen(page, "hidden");
    await expect(page.getByText("The note is put away")).toBeVisible();
    expect(await page.content()).not.toContain(words);
    await seen(page, "visible");
    await look(page, view, "note-away");
    await expect(text).toHaveCount(0);
    await page.getByRole("button", { name: "Open it again" }).click();
    await expect(text).toContainText(words);

    // Nor does it stay anywhere once she has left it.
    await page.getByRole("button", { name: "All notes" }).click();
    await expect(notes).toBeVisible();
    expect(await page.content()).not.toContain(words);
    if (view === "phone") {
      await page.setViewportSize(SMALL);
      expect(await tooWide(page)).toEqual([]);
    }
    await page.getByRole("button", { name: "Back to the conversation" }).click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  });
}

/** The notes of one of her patients whom a psychiatrist was asked to see; whose they are. */
async function openChart({ page }: Phone, doctor: Person): Promise<string> {
  const { origin } = new URL(page.url());
  for (let nth = 0; ; nth += 1) {
    await page.goto(`${origin}/#/new`);
    await page.getByRole("searchbox", { name: /Person/ }).fill(doctor.name);
    await page.getByRole("button", { name: new RegExp(`^${doctor.name}`) }).click();
    await page.getByRole("button", { name: "Choose", exact: true }).click();
    const own = page.getByRole("dialog").getByRole("list", { name: "Your patients" });
    const chosen = own.getByRole("listitem").nth(nth).getByRole("button");
    const name = (await chosen.locator("strong").textContent()) ?? "";
    await chosen.click();
    await page.getByRole("button", { name: "Start conversation" }).click();
    const notes = page
      .getByRole("region", { name: "Patient" })
      .getByRole("link", { name: "Notes" });
    await notes.click();
    const list = page.getByRole("list", { name: "Notes" });
    await expect(list).toBeVisible();
    if ((await list.getByRole("listitem").filter({ hasText: PSYCHIATRY }).count()) > 0) {
      return name;
    }
  }
}

/** How often something was proven beyond the sign-in. */
function proofs(phone: Phone): number {
  return phone.traffic.filter((line) => line.includes(" /v1/sessions/step-up")).length;
}

async function lastParagraph(page: Page): Promise<string> {
  const words = await page.getByRole("article").locator("p").last().textContent();
  return (words ?? "").slice(0, 60);
}

/** What the browser tells a page whose window is covered or shown again. */
async function seen(page: Page, state: "visible" | "hidden"): Promise<void> {
  await page.evaluate((told) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => told });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}
