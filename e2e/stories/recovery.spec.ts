/** Whoever lost every device begins anew, by the word of two officers. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { agreed } from "../support/consent.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`two officers on a ${view} let a nurse begin anew`, async ({ hospital, phone }) => {
    const isOfficer = ({ role }: { role: string }) => role === "Security officer";
    const asker = await phone(hospital.person(isOfficer), options);
    const security = await phone(hospital.person(isOfficer), options);
    const nurse = hospital.nurse();
    const stolen = await phone(nurse);
    await asker.enroll();
    await security.enroll();
    await stolen.enroll();
    // What the nurse calls to say is all that it takes.
    await security.page.goto(`${hospital.url}/#/fleet`);
    await security.page.getByRole("searchbox", { name: /^Person, device/ }).fill(nurse.name);
    await security.page.getByRole("link", { name: /Android phone/ }).click();
    await security.page.getByRole("button", { name: "Report it lost" }).click();
    await security.page.getByRole("dialog").getByRole("button", { name: "Report it lost" }).click();
    // What it does cannot be undone: the officer proves for this, too, that it is them.
    await agreed(security.page, security.page.getByText("Done for 1 device."));
    await stolen.isErased();

    const asks = asker.page;
    await asks.goto(`${hospital.url}/#/officer`);
    const asking = asks.getByRole("region", { name: "Recover a person" });
    await expect(asking).toContainText("The old keys never come back.");
    await expect(asking).toContainText("No recovery waits.");
    await asking.getByRole("button", { name: "Ask for a recovery" }).click();
    await asking.getByRole("searchbox", { name: /^Person/ }).fill(nurse.name);
    await asking.getByRole("button", { name: new RegExp(`^${nurse.name}`) }).click();
    const reason = asking.getByRole("textbox", { name: "Reason" });
    await expect(reason).toBeFocused();
    await expect(asking.getByRole("button", { name: "Ask for it" })).toBeDisabled();
    await reason.fill("Phone stolen on the train. I know her, and saw her badge.");
    await asking.scrollIntoViewIfNeeded();
    await look(asks, view, "recovery-ask");
    await asking.getByRole("button", { name: "Ask for it" }).click();

    // Whoever asks cannot approve.
    const own = asking.getByRole("list", { name: "Waiting for another officer" }).locator("> li");
    await expect(own).toContainText("Another officer has to approve it.");
    await expect(own.getByRole("button", { name: /^Approve/ })).toHaveCount(0);
    await look(asks, view, "recovery-asked");

    const approves = security.page;
    await approves.goto(`${hospital.url}/#/officer`);
    const region = approves.getByRole("region", { name: "Recover a person" });
    const waiting = region.getByRole("listitem").filter({ hasText: nurse.name });
    await expect(waiting).toContainText("Phone stolen on the train.");
    await expect(waiting).toContainText(`asked by ${asker.person.name}`);
    await waiting.getByRole("button", { name: /^Approve/ }).click();
    const sure = approves.getByRole("dialog", { name: /^Approve the recovery of/ });
    await look(approves, view, "recovery-approve");
    await sure.getByRole("button", { name: "Approve" }).click();
    await expect(sure).toHaveCount(0);
    await expect(
      region.getByRole("img", { name: /^Picture with the invitation link/ }),
    ).toBeVisible();
    await look(approves, view, "recovery-approved");
    const code = await region.getByRole("status", { name: "Typed code" }).textContent();
    await region.getByRole("button", { name: "Done" }).click();
    // It is shown once.
    expect(await approves.content()).not.toContain(code ?? "?");

    const anew = await phone(nurse);
    await anew.page.goto(hospital.url);
    await anew.page.getByRole("textbox", { name: "Invitation code" }).fill(code ?? "");
    await anew.page.getByRole("button", { name: "Continue" }).click();
    await anew.makePasskey();
    await expect(anew.page.getByRole("status", { name: "Confirmation string" })).toBeVisible();
  });
}
