/** Two privacy officers hold records and end the hold: one orders, the other agrees with one tap. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;
const REASON = "Notice of claim, received today.";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`on a ${view} two officers hold records, and end the hold`, async ({ hospital, phone }) => {
    const called = (user: string) => hospital.person((person) => person.user === user);
    const margaret = await phone(called("margaret.sloane"), options);
    const jonas = await phone(called("jonas.brandt"), options);
    for (const each of [margaret, jonas]) {
      await each.enroll();
    }
    const { page } = margaret;
    await page.getByRole("link", { name: "Records", exact: true }).click();
    const retention = page.getByRole("region", { name: "Retention in force" });
    await expect(retention).toContainText("1096 days");
    await expect(retention).toContainText("Jonas Brandt");
    const custodians = page.getByRole("region", { name: "Custodians" });
    await expect(custodians).toContainText("2 of 3 have to agree");
    await expect(page.getByRole("region", { name: "Holds in force" })).toContainText(
      "Nothing is held.",
    );
    await look(page, view, "records-empty");

    await page.getByRole("button", { name: "New hold" }).click();
    const form = page.getByRole("dialog", { name: "New hold" });
    const orders = form.getByRole("button", { name: "Order the hold" });
    await expect(orders).toBeDisabled();
    await form.getByRole("textbox", { name: "Case" }).fill("2026-17");
    await form.getByRole("textbox", { name: /^Why/ }).fill(REASON);
    await form.getByRole("searchbox").fill("amara");
    await form.getByRole("button", { name: /^Amara Osei/ }).click();
    await expect(form.getByRole("list", { name: "People chosen" })).toContainText("Amara Osei");
    await look(page, view, "records-new-hold");
    const proof = page.waitForRequest(
      (request) =>
        request.method() === "POST" &&
        new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
    );
    await orders.click();
    expect((await proof).postDataJSON().scopes).toEqual(["records"]);
    const waiting = page.getByRole("list", { name: "Waiting for agreement" });
    await expect(waiting).toContainText("2026-17");
    await expect(waiting.getByRole("button", { name: "Agree", exact: true })).toHaveCount(0);
    // Neither the case nor the reason stands in an address.
    expect(page.url()).not.toContain("2026");

    // The other officer agrees with one tap, and the record keeper holds it.
    const other = jonas.page;
    await other.getByRole("link", { name: "Records", exact: true }).click();
    const theirs = other.getByRole("list", { name: "Waiting for agreement" });
    await expect(theirs).toContainText(REASON);
    await expect(theirs).toContainText("1 person");
    await look(other, view, "records-agree");
    await theirs.getByRole("button", { name: "Agree", exact: true }).click();
    const held = other.getByRole("list", { name: "Holds in force" });
    await expect(held).toContainText("2026-17", { timeout: 30_000 });
    await expect(held).toContainText("In force");
    await expect(held).toContainText("Agreed: Jonas Brandt");
    await look(other, view, "records-held");

    // The first one's page was told, and shows it. Nobody looks by the clock from here on: each look is an
    // event of the log.
    const told = page.getByRole("list", { name: "Holds in force" });
    await expect(told).toContainText("Agreed: Jonas Brandt", { timeout: 5_000 });
    await page.waitForTimeout(1_500);
    const looks: string[] = [];
    for (const each of [page, other]) {
      each.on("request", (request) => {
        if (new URL(request.url()).pathname === "/v1/records") {
          looks.push(request.url());
        }
      });
    }
    await page.waitForTimeout(6_000);
    expect(looks).toEqual([]);

    // Its end is ordered by the one and agreed to by the other.
    await held.getByRole("button", { name: "End the hold" }).click();
    const end = other.getByRole("dialog", { name: "End this hold?" });
    await end.getByRole("textbox", { name: /^Why/ }).fill("Settled.");
    await end.getByRole("button", { name: "Order its end" }).click();
    await expect(waiting).toContainText("End of a hold", { timeout: 30_000 });
    await waiting.getByRole("button", { name: "Agree", exact: true }).click();
    await expect(page.getByRole("list", { name: "Holds that are over" })).toContainText("Ended", {
      timeout: 30_000,
    });
    await look(page, view, "records-ended");
  });
}
