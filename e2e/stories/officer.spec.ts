import { Founding } from "../support/founding.ts";
import { expect, test } from "../support/story.ts";

test("the first officer begins a hospital, invites a device and confirms it by the string", async ({
  phone,
}) => {
  const founding = await Founding.open();
  const officer = await phone(founding.officer);
  await officer.enroll();
  await officer.page.goto(`${founding.url}/#/officer`);
  await officer.page.getByRole("button", { name: founding.officer.name }).click();
  await officer.page.getByRole("radio", { name: "Their own" }).check();
  await officer.page.getByRole("button", { name: "Make an invitation" }).click();
  await expect(
    officer.page.getByRole("img", { name: /^Picture with the invitation/ }),
  ).toBeVisible();
  const typed = await officer.page.getByRole("status", { name: "Typed code" }).textContent();

  const second = await phone(founding.officer);
  await second.page.goto(founding.url);
  await second.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
  await second.page.getByRole("button", { name: "Continue" }).click();
  await second.makePasskey();
  const string = second.page.getByRole("status", { name: "Confirmation string" });
  await expect(string).toHaveText(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);

  // Both screens show the same, computed on each side.
  const shown = officer.page.getByRole("status", { name: "Confirmation string" });
  await expect(shown).toHaveText((await string.textContent()) ?? "?");
  await officer.page.getByRole("button", { name: "They are the same" }).click();
  await expect(shown).toHaveCount(0);

  await second.unlock();
  await second.page.goto(`${founding.url}/#/security`);
  const devices = second.page.getByRole("region", { name: "My devices" });
  await expect(devices.getByRole("listitem")).toHaveCount(2);

  // The older device takes the newer one out of use; it erases what it kept.
  await officer.page.goto(`${founding.url}/#/security`);
  const other = officer.page
    .getByRole("region", { name: "My devices" })
    .getByRole("listitem")
    .filter({ hasNot: officer.page.getByText("This device", { exact: true }) });
  await other.getByRole("button", { name: /^Remove/ }).click();
  await officer.page.getByRole("button", { name: "Remove the device" }).click();
  // It says so itself as soon as it has done what it was told.
  await expect(other).toContainText(/Out of use|Erased/);
  await second.isErased();
  await founding.close();
});
