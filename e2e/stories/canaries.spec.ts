/** A privacy officer puts a canary in place, a nurse opens it, and the officer hears of it. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look, tooWide } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;
const REFUSED = "You are not on this patient's care team";
const NAME = "Zabriskie, Helen";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`on a ${view} whoever opens a canary is on the privacy officer's page`, async ({
    hospital,
    phone,
  }) => {
    const called = (user: string) => hospital.person((person) => person.user === user);
    const mary = await phone(called("mary.nakato"), options);
    const officer = await phone(called("margaret.sloane"), options);
    for (const each of [mary, officer]) {
      await each.enroll();
    }

    // It is made up, on a ward where patients are.
    const reviews = officer.page;
    await reviews.getByRole("link", { name: /^Reviews/ }).click();
    const parts = reviews.getByRole("navigation", { name: "Parts of the reviews" });
    await parts.getByRole("link", { name: "Canaries" }).click();
    await expect(reviews.getByRole("status").filter({ hasText: "no canaries" })).toBeVisible();
    const make = reviews.getByRole("region", { name: "Make a canary" });
    const button = make.getByRole("button", { name: "Make a canary" });
    await expect(button).toBeDisabled();
    await make.getByRole("textbox", { name: "First name" }).fill("Helen");
    await make.getByRole("textbox", { name: "Surname" }).fill("Zabriskie");
    await make.getByRole("textbox", { name: "Record number" }).fill("SB-990017");
    await look(reviews, view, "canaries-make");
    expect(await tooWide(reviews)).toEqual([]);
    await button.click();
    const live = reviews.getByRole("list", { name: "In place" });
    await expect(live).toContainText(NAME);
    await expect(live).toContainText("Nobody looked");
    await look(reviews, view, "canaries");

    // To a nurse it is a patient like any other.
    const { page } = mary;
    await page.getByRole("link", { name: "Patients", exact: true }).click();
    await page.getByRole("searchbox", { name: "Name or MRN" }).fill("Zabriskie");
    const found = page.getByRole("list", { name: "Patients found" });
    await found.getByRole("button", { name: new RegExp(NAME) }).click();
    const closed = page.getByRole("alert").filter({ hasText: REFUSED });
    await closed.getByRole("button", { name: "Break the glass" }).click();
    const asks = page.getByRole("dialog", { name: "Break the glass?" });
    await asks.getByRole("radio", { name: /Care cannot wait/ }).check();
    await asks.getByRole("textbox", { name: /^Why/ }).fill("I wanted to see who that is.");
    await asks.getByRole("button", { name: "Break the glass" }).click();
    await expect(page.getByRole("region", { name: "Patient" })).toContainText(NAME);
    await expect(page.getByRole("list", { name: "Labs" })).toBeVisible();
    await expect(page.getByText(/canar/i)).toHaveCount(0);
    await look(page, view, "canary-chart");

    // The officer's open app is told, and says what to do.
    await expect(reviews.getByRole("link", { name: /^Reviews ?, [1-3] to/ })).toBeVisible();
    await parts.getByRole("link", { name: /^Looks/ }).click();
    const waiting = reviews.getByRole("list", { name: "Waiting" });
    const row = waiting.getByRole("listitem").filter({ hasText: NAME });
    await expect(row).toContainText(mary.person.name);
    await expect(row).toContainText("Canary");
    await look(reviews, view, "looks");
    expect(await tooWide(reviews)).toEqual([]);
    await row.getByRole("link").click();
    await expect(reviews.getByRole("list", { name: "What was done" })).toContainText(
      "Broke the glass",
    );
    await expect(reviews.getByText("This chart is made up.")).toBeVisible();
    await look(reviews, view, "look");
    const decide = reviews.getByRole("region", { name: "What came of it" });
    await expect(decide.getByRole("button", { name: "Followed up" })).toBeDisabled();
    await decide.getByRole("textbox", { name: "Note" }).fill("Spoke to her with her manager.");
    await decide.getByRole("button", { name: "Followed up" }).click();
    await expect(decide.getByText("Spoke to her with her manager.")).toBeVisible();
    await look(reviews, view, "look-decided");
    await reviews.getByRole("button", { name: "All looks" }).click();
    await expect(reviews.getByRole("status").filter({ hasText: "Nothing waits." })).toBeVisible();

    // A canary that was seen through is retired.
    await parts.getByRole("link", { name: "Canaries" }).click();
    await live.getByRole("button", { name: `Retire ${NAME}?` }).click();
    const retire = reviews.getByRole("dialog", { name: `Retire ${NAME}?` });
    await look(reviews, view, "canary-retire");
    await retire.getByRole("button", { name: "Retire", exact: true }).click();
    await expect(reviews.getByRole("list", { name: "Retired" })).toContainText(NAME);
  });
}
