/** The dialog that asks before a passkey prompt which no tap has caused just now. */
import type { Locator, Page } from "@playwright/test";
import { expect } from "./story.ts";

/** Waits for what follows from a proof. On a slow machine the tap was too long ago for the passkey's
 * prompt, and the app asks first. */
export async function agreed(page: Page, done: Locator): Promise<void> {
  const consent = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(done.or(consent).first()).toBeVisible();
  if (await consent.isVisible()) {
    await consent.getByRole("button", { name: "Confirm" }).click();
  }
  await expect(done).toBeVisible();
}
