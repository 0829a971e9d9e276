/** A schedule of one role, as whoever runs it brings it: a file, and a signature below it. */
import { expect, type Page } from "@playwright/test";
import type { Person } from "./hospital.ts";
import { look } from "./look.ts";

export interface OnCallRole {
  slug: string;
  title: string;
  department: string;
}

export const SCHEDULE_HEADER = "role,title,department,from,until,username";

const HOUR_MS = 60 * 60 * 1000;
/** To the minute, so that one turn ends where the next begins. */
const NOW = Math.floor(Date.now() / 60_000) * 60_000;

/** A line of the file; hours from now. */
export function turn(
  { slug, title, department }: OnCallRole,
  from: number,
  until: number,
  { user }: Pick<Person, "user">,
): string {
  const at = (hours: number) => new Date(NOW + hours * HOUR_MS).toISOString();
  return [slug, title, department, at(from), at(until), user].join(",");
}

export function csv(lines: readonly string[]) {
  return { name: "schedule.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) };
}

/** Imports these turns, on the page of those on call. */
export async function bring(page: Page, turns: readonly string[]): Promise<void> {
  await page.locator("input[type=file]").setInputFiles(csv([SCHEDULE_HEADER, ...turns]));
  const button = page.getByRole("button", { name: "Import", exact: true });
  await expect(button).toBeEnabled();
  await button.click();
  await expect(button).toHaveCount(0);
}

/** Signs the turns that nobody has signed as they are. */
export async function sign(page: Page, { title }: OnCallRole, screen?: string): Promise<void> {
  const open = page.getByRole("region", { name: "Not signed yet" });
  await expect(open).toContainText(title);
  await open.scrollIntoViewIfNeeded();
  if (screen) {
    await look(page, "phone", screen);
  }
  await open.getByRole("button", { name: "Sign the turns as they are" }).click();
  await expect(open).toHaveCount(0);
}
