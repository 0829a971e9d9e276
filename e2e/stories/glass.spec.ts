/** A nurse opens the chart of a patient who is not hers; a privacy officer reviews it the same day. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;
const REASON = "Found her on the floor of our corridor, no answer to speech.";
const REFUSED = "You are not on this patient's care team";

for (const [view, options] of Object.entries(VIEWS)) {
  test(`on a ${view} a nurse of another ward breaks the glass, and it is reviewed`, async ({
    hospital,
    phone,
  }) => {
    const called = (user: string) => hospital.person((person) => person.user === user);
    const amara = await phone(called("amara.osei"));
    const mary = await phone(called("mary.nakato"), options);
    const officer = await phone(called("margaret.sloane"), options);
    for (const each of [amara, mary, officer]) {
      await each.enroll();
    }
    // A patient of Amara's ward.
    await amara.page.goto(`${hospital.url}/#/patients`);
    const own = amara.page.getByRole("list", { name: "Your patients" });
    const patient = (await own.locator("strong").first().textContent()) ?? "";

    const { page } = mary;
    await page.getByRole("link", { name: "Patients", exact: true }).click();
    await page.getByRole("searchbox", { name: "Name or MRN" }).fill(patient);
    const found = page.getByRole("list", { name: "Patients found" });
    await found
      .getByRole("button", { name: new RegExp(patient) })
      .first()
      .click();
    const closed = page.getByRole("alert").filter({ hasText: REFUSED });
    await expect(closed).toContainText("Break the glass if care needs it now.");
    // What going on will ask, and who is told, before anything is asked.
    await expect(closed).toContainText("you are asked what for and why");
    await expect(closed).toContainText("A privacy officer is told");
    await expect(closed).toContainText("It opens for 60 minutes.");
    await look(page, view, "glass-closed");

    // For what, and why; then a fingerprint that is for this.
    await closed.getByRole("button", { name: "Break the glass" }).click();
    const asks = page.getByRole("dialog", { name: "Break the glass?" });
    const breaks = asks.getByRole("button", { name: "Break the glass" });
    await expect(breaks).toBeDisabled();
    await asks.getByRole("radio", { name: /Care cannot wait/ }).check();
    await asks.getByRole("textbox", { name: /^Why/ }).fill(REASON);
    await look(page, view, "glass-break");
    const proof = page.waitForRequest(
      (request) =>
        request.method() === "POST" &&
        new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
    );
    await breaks.click();
    expect((await proof).postDataJSON().scopes).toEqual(["break_the_glass"]);
    await expect(
      page.getByRole("status").filter({ hasText: "You broke the glass." }),
    ).toBeVisible();
    await expect(page.getByRole("region", { name: "Patient" })).toContainText(patient);
    await expect(
      page.getByRole("list", { name: "Labs" }).getByRole("button").first(),
    ).toBeVisible();
    await look(page, view, "glass-chart");
    await page
      .getByRole("navigation", { name: "Parts of the chart" })
      .getByRole("link", { name: "Notes" })
      .click();
    const notes = page.getByRole("list", { name: "Notes" });
    await expect(notes.getByRole("listitem").first()).toBeVisible();
    await look(page, view, "glass-open");
    await notes.getByRole("link").first().click();
    await expect(page.getByRole("article")).toContainText("That you opened this is recorded.");
    // Why she did it never stands in an address.
    expect(page.url()).not.toContain("floor");
    await page.getByRole("button", { name: "All notes" }).click();

    // The officer is told of it in the app.
    const reviews = officer.page;
    await reviews.getByRole("link", { name: /^Reviews/ }).click();
    const waiting = reviews.getByRole("list", { name: "To be reviewed" });
    await expect(waiting).toContainText(mary.person.name);
    await expect(waiting).toContainText(patient);
    await look(reviews, view, "glass-reviews");
    await waiting.getByRole("link").first().click();
    await expect(reviews.getByRole("region", { name: "Why" })).toContainText(REASON);
    await expect(reviews.getByRole("region", { name: "What was read" })).toContainText("A note");
    await look(reviews, view, "glass-review");
    await reviews
      .getByRole("textbox", { name: /^What you found/ })
      .fill("The rapid response team was called at that minute.");
    await reviews.getByRole("button", { name: "Justified", exact: true }).click();
    await expect(reviews.getByRole("region", { name: "Your review" })).toContainText("Justified");
    await look(reviews, view, "glass-reviewed");

    // She shuts the chart again, and sees what came of it.
    await page.getByRole("button", { name: "Shut it again" }).click();
    await expect(page.getByRole("alert").filter({ hasText: REFUSED })).toBeVisible();
    await page.getByRole("button", { name: "Back to the chart" }).click();
    await page.getByRole("button", { name: "All patients" }).click();
    await page.reload();
    await mary.unlock();
    const mine = page.getByRole("list", { name: "Where you broke the glass" });
    await expect(mine).toContainText("Justified");
    await expect(mine).toContainText("The rapid response team was called");
    await look(page, view, "glass-own");
  });
}

test("a message goes on to somebody outside the care team with a fresh fingerprint", async ({
  hospital,
  phone,
}) => {
  const called = (user: string) => hospital.person((person) => person.user === user);
  const amara = await phone(called("amara.osei"));
  const tomas = await phone(called("tomas.herrera"));
  const mary = await phone(called("mary.nakato"));
  for (const each of [amara, tomas, mary]) {
    await each.enroll();
  }
  const { page } = amara;
  await amara.start([mary.person]);
  await amara.write("Hello");
  await page.goto(`${hospital.url}/#/new`);
  await page.getByRole("searchbox", { name: /Person/ }).fill(tomas.person.name);
  await page.getByRole("button", { name: new RegExp(`^${tomas.person.name}`) }).click();
  await page.getByRole("button", { name: "Choose", exact: true }).click();
  const own = page.getByRole("dialog").getByRole("list", { name: "Your patients" });
  await own.getByRole("listitem").first().getByRole("button").click();
  await page.getByRole("button", { name: "Start conversation" }).click();
  await amara.write("Potassium is 6.2");
  await amara.state("Potassium is 6.2", "Delivered");

  await mary.open(amara.person.name);
  await mary.sees("Hello");
  await (await amara.more("Potassium is 6.2")).getByRole("button", { name: "Forward" }).click();
  const sheet = page.getByRole("dialog", { name: "Forward to" });
  await expect(sheet).toContainText("It is marked as forwarded");
  await look(page, "phone", "forward");
  const proof = page.waitForRequest(
    (request) =>
      request.method() === "POST" &&
      new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
  );
  await sheet.getByRole("button", { name: new RegExp(mary.person.name) }).click();
  expect((await proof).postDataJSON().scopes).toEqual(["forwarding"]);
  await expect(sheet).toHaveCount(0);

  // At once, and not with whatever syncs next.
  const there = mary.message("Potassium is 6.2");
  await expect(there).toContainText(`Forwarded from ${amara.person.name}`, { timeout: 10_000 });
  await look(mary.page, "phone", "forwarded");

  // Nor is a conversation about nobody a way round: it is asked about where it came from.
  const viktor = await phone(called("viktor.lindgren"));
  await viktor.enroll();
  await mary.start([viktor.person]);
  await mary.write("Good morning");
  await mary.open(amara.person.name);
  await (await mary.more("Potassium is 6.2")).getByRole("button", { name: "Forward" }).click();
  const further = mary.page.getByRole("dialog", { name: "Forward to" });
  const asked = mary.page.waitForRequest(
    (request) =>
      request.method() === "POST" &&
      new URL(request.url()).pathname === "/v1/sessions/step-up/challenge",
  );
  await further.getByRole("button", { name: new RegExp(viktor.person.name) }).click();
  expect((await asked).postDataJSON().scopes).toEqual(["forwarding"]);
  await expect(further).toHaveCount(0);
});
