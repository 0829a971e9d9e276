/** Looking at a screen: in light and dark, by eye (a picture is kept) and by axe. */
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const FOLDER = join(import.meta.dirname, "../screenshots");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** `view` is `phone` or `desktop`; `screen` names the picture. */
export async function look(page: Page, view: string, screen: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    await page.screenshot({ path: join(FOLDER, `${view}-${colorScheme}-${screen}.png`) });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
    );
    expect(found, `axe on ${screen}, ${view}, ${colorScheme}`).toEqual([]);
  }
}

/** What stands out of the window to the side, of the page or of what `within` selects. */
export function tooWide(page: Page, within = "main *"): Promise<string[]> {
  return page.evaluate(
    (selector) =>
      [...document.querySelectorAll<HTMLElement>(selector)]
        .filter((each) => each.offsetParent && each.getBoundingClientRect().right > innerWidth + 1)
        .filter((each) => !each.classList.contains("visually-hidden"))
        .map((each) => each.outerHTML.slice(0, 100)),
    within,
  );
}

/** Dialogs and colours fade, on a slow machine longer than they should: a half faded text has no
 * contrast. What turns without an end, as a sign of waiting does, is not waited for. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const fading = () =>
      document.getAnimations().filter(({ effect, playState }) => {
        const end = effect?.getComputedTiming().endTime;
        return playState === "running" && typeof end === "number" && Number.isFinite(end);
      });
    // What was just changed begins to fade with the frame after.
    await frame();
    await frame();
    while (fading().length > 0) {
      await frame();
    }
  });
}
