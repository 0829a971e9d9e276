/** Looking at a screen: in light and dark, by eye (a picture is kept) and by axe. */
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const FOLDER = join(import.meta.dirname, "../screenshots");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Dialogs and colours fade; a picture is taken after. */
const FADE_MS = 300;

/** `view` is `phone` or `desktop`; `screen` names the picture. */
export async function look(page: Page, view: string, screen: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(FADE_MS);
    await page.screenshot({ path: join(FOLDER, `${view}-${colorScheme}-${screen}.png`) });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
    );
    expect(found, `axe on ${screen}, ${view}, ${colorScheme}`).toEqual([]);
  }
}
