/** Roles that follow who is on call, code teams, and messages to a list. */
import { PHONE } from "../support/browser.ts";
import { Hospital } from "../support/hospital.ts";
import { look } from "../support/look.ts";
import { bring, sign, turn } from "../support/schedule.ts";
import { expect, type Story, test } from "../support/story.ts";

const LINES = {
  slug: "line-team",
  title: "Line team on call",
  department: "Vascular Access",
} as const;
const ROLE = LINES.title;
/** Another role of the same team. */
const SECOND = {
  slug: "line-second",
  title: "Second line nurse on call",
  department: "Vascular Access",
} as const;

/** Where devices that only an officer confirmed do not wait a day for history. */
const eager = test.extend<Pick<Story, "hospital">>({
  hospital: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
    async ({}, use) => {
      const hospital = await Hospital.open(["--conversations"]);
      await use(hospital);
      await hospital.close();
    },
    { scope: "test", timeout: 240_000 },
  ],
});

eager(
  "a conversation with a role follows the hand-over, history included",
  async ({ hospital, phone }) => {
    eager.slow();
    const ada = await phone(hospital.nurse(), PHONE);
    const ben = await phone(hospital.nurse(), PHONE);
    const cy = await phone(hospital.nurse(), PHONE);
    const manager = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      PHONE,
    );
    for (const each of [ada, ben, cy, manager]) {
      await each.enroll();
    }

    // Ben has the turn now. The manager's device signs it: the record keeper goes by that alone.
    const runs = manager.page;
    await runs.goto(`${hospital.url}/#/on-call`);
    await bring(runs, [turn(LINES, -1, 3, ben.person), turn(LINES, 3, 12, cy.person)]);
    await sign(runs, LINES, "teams-unsigned");

    await ada.page.goto(`${hospital.url}/#/new`);
    await ada.page.getByRole("searchbox", { name: /Person/ }).fill("Line team");
    await ada.page.getByRole("button", { name: new RegExp(`^${ROLE}`) }).click();
    await look(ada.page, "phone", "teams-role");
    await ada.page.getByRole("button", { name: "Write to the role" }).click();
    await ada.write("The line in bed 4 is blocked.");
    await ada.sees("The line in bed 4 is blocked.");
    await expect(ada.page.getByText(`${ben.person.name} now, until`)).toBeVisible();
    await look(ada.page, "phone", "teams-role-conversation");
    await ben.open(ROLE);
    await ben.sees("The line in bed 4 is blocked.");

    // The turn changes, and everybody's phone but the manager's is off.
    await ada.page.goto("about:blank");
    await ben.page.goto("about:blank");
    await bring(runs, [turn(LINES, -1, 12, cy.person)]);
    await sign(runs, LINES);
    await cy.open(ROLE);
    await cy.sees("The line in bed 4 is blocked.");
    await expect(cy.page.getByText(/^The record keeper handed this device/)).toBeVisible();
    await look(cy.page, "phone", "teams-took-over");
    await cy.write("I come and look.");

    await ada.page.goto(hospital.url);
    await ada.unlock();
    await ada.open(ROLE);
    await ada.sees("I come and look.");
    await expect(ada.page.getByText(`${cy.person.name} took over ${ROLE}.`)).toBeVisible();
    await expect(ada.page.getByText(`${cy.person.name} now, until`)).toBeVisible();
  },
);

test("whoever goes off hands over in words, to whoever comes on", async ({ hospital, phone }) => {
  test.slow();
  const ben = await phone(hospital.nurse(), PHONE);
  const cy = await phone(hospital.nurse(), PHONE);
  const manager = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  for (const each of [ben, cy, manager]) {
    await each.enroll();
  }
  await manager.page.goto(`${hospital.url}/#/on-call`);
  await bring(manager.page, [turn(LINES, -8, 0.5, ben.person), turn(LINES, 0.5, 12, cy.person)]);
  await sign(manager.page, LINES);

  await ben.page.goto(`${hospital.url}/#/on-call`);
  const over = ben.page.getByRole("button", { name: `Hand over ${ROLE} to ${cy.person.name}` });
  await over.scrollIntoViewIfNeeded();
  await look(ben.page, "phone", "teams-hand-over");
  await over.click();
  const form = ben.page.getByRole("dialog");
  await expect(form.getByRole("textbox").first()).toBeVisible();
  await form.getByRole("textbox").first().fill("Stable");
  await form.getByRole("textbox").nth(1).fill("Bed 4: line placed at noon.");
  // What he was told at the top lies over the form's head for some seconds.
  await expect(ben.page.getByText(/^You are on call now/)).toHaveCount(0);
  await look(ben.page, "phone", "teams-hand-over-form");
  await form.getByRole("button", { name: /^Send/ }).click();
  await cy.open(ROLE);
  await expect(cy.page.getByText("Bed 4: line placed at noon.", { exact: true })).toBeVisible();
});

test("a code team is paged with one tap, and a list is answered to its sender", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const ada = await phone(hospital.nurse(), PHONE);
  const ben = await phone(hospital.nurse(), PHONE);
  const officer = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  for (const each of [ada, ben, officer]) {
    await each.enroll();
  }
  const { page } = officer;
  await page.goto(`${hospital.url}/#/officer`);
  const teams = page.getByRole("region", { name: "Code teams and lists" });
  await define("Rapid response", "Code team");
  await define("Everybody on the ward", "Broadcast list");
  await teams.scrollIntoViewIfNeeded();
  await look(page, "phone", "teams-defined");

  // Ada pages the team from her phone.
  await ada.page.goto(`${hospital.url}/#/new`);
  await ada.page.getByRole("button", { name: /^Rapid response/ }).click();
  const sheet = ada.page.getByRole("dialog", { name: "Page Rapid response?" });
  await sheet.getByRole("textbox").fill("Bed 7, not breathing.");
  await look(ada.page, "phone", "teams-call");
  await sheet.getByRole("button", { name: "Send STAT to all" }).click();
  await ada.sees("Bed 7, not breathing.");
  await expect(ada.page.getByRole("heading", { name: "Rapid response" })).toBeVisible();
  await look(ada.page, "phone", "teams-code-conversation");
  await ben.open("Rapid response");
  await ben.sees("Bed 7, not breathing.");
  // A nurse writes to no list.
  await ada.page.goto(`${hospital.url}/#/new`);
  await expect(ada.page.getByRole("button", { name: /^Rapid response/ })).toBeVisible();
  await expect(ada.page.getByRole("button", { name: /^Everybody on the ward/ })).toHaveCount(0);

  await page.goto(`${hospital.url}/#/new`);
  await page.getByRole("button", { name: /^Everybody on the ward/ }).click();
  const letter = page.getByRole("dialog", { name: "Write to Everybody on the ward" });
  await letter.getByRole("textbox").fill("The lift is out of order.");
  await letter.getByRole("button", { name: "Send to all" }).click();
  await officer.sees("The lift is out of order.");
  await ben.page.goto(`${hospital.url}/#/`);
  await ben.page
    .getByRole("region", { name: "Conversations" })
    .getByRole("link", { name: /Everybody on the ward/ })
    .first()
    .click();
  await ben.sees("The lift is out of order.");
  await expect(ben.page.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  await look(ben.page, "phone", "teams-list-conversation");
  await ben.page.getByRole("button", { name: `Answer ${officer.person.name}` }).click();
  await ben.write("Which one?");
  await officer.open(ben.person.name);
  await officer.sees("Which one?");

  async function define(name: string, kind: string): Promise<void> {
    await teams.getByRole("button", { name: "Define a team or a list" }).click();
    const form = teams.getByRole("form", { name: "Define a team or a list" });
    await form.getByRole("textbox", { name: "Name" }).fill(name);
    await form.getByRole("combobox", { name: "What is it?" }).selectOption(kind);
    for (const each of [ada, ben]) {
      await form.getByRole("searchbox", { name: /^Person/ }).fill(each.person.name);
      await form.getByRole("button", { name: new RegExp(`^${each.person.name}`) }).click();
    }
    await form.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText(`${name} is saved.`)).toBeVisible();
  }
});

test("each role of a code team answers for itself, and whoever called sees all of them", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const ada = await phone(hospital.nurse(), PHONE);
  const ben = await phone(hospital.nurse(), PHONE);
  const cy = await phone(hospital.nurse(), PHONE);
  const officer = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  for (const each of [ada, ben, cy, officer]) {
    await each.enroll();
  }
  const { page } = officer;
  await page.goto(`${hospital.url}/#/on-call`);
  await bring(page, [turn(LINES, -1, 12, ben.person), turn(SECOND, -1, 12, cy.person)]);
  await page.goto(`${hospital.url}/#/officer`);
  const teams = page.getByRole("region", { name: "Code teams and lists" });
  await teams.getByRole("button", { name: "Define a team or a list" }).click();
  const form = teams.getByRole("form", { name: "Define a team or a list" });
  await form.getByRole("textbox", { name: "Name" }).fill("Lost line");
  await form.getByRole("combobox", { name: "What is it?" }).selectOption("Code team");
  for (const role of [ROLE, SECOND.title]) {
    await form.getByRole("checkbox", { name: new RegExp(`^${role}`) }).check();
  }
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Lost line is saved.")).toBeVisible();

  const call = async (why: string) => {
    await ada.page.goto(`${hospital.url}/#/new`);
    await ada.page.getByRole("button", { name: /^Lost line/ }).click();
    const sheet = ada.page.getByRole("dialog", { name: "Page Lost line?" });
    await sheet.getByRole("textbox").fill(why);
    await sheet.getByRole("button", { name: "Send STAT to all" }).click();
    await ada.sees(why);
  };
  await call("Bed 3, bleeding from the line.");
  const coming = ada.page.getByRole("region", { name: "Who is coming of Lost line" });
  await expect(coming).toContainText("0 of 2 coming");
  await expect(coming).toContainText(`${ROLE}: ringing`);
  await expect(coming).toContainText(`${SECOND.title}: ringing`);
  await look(ada.page, "phone", "teams-roles-ringing");

  // Ben answers for his role: the other one rings on.
  const his = ben.page.getByRole("region", { name: `STAT ${ada.person.name} needs ${ROLE} now` });
  await expect(his).toContainText(`Lost line: ${ROLE} is needed`);
  await look(ben.page, "phone", "teams-role-asked");
  await his.getByRole("button", { name: "Acknowledge" }).click();
  await expect(his).toHaveCount(0);
  await expect(coming).toContainText("1 of 2 coming");
  await expect(coming).toContainText(`${ROLE}: coming (${ben.person.name}`);
  await expect(coming).toContainText(`${SECOND.title}: ringing`);
  const hers = cy.page.getByRole("region", {
    name: `STAT ${ada.person.name} needs ${SECOND.title} now`,
  });
  await expect(hers).toContainText(`Lost line: ${SECOND.title} is needed`);
  await hers.getByRole("button", { name: "Acknowledge" }).click();
  await expect(coming).toContainText("All 2 are coming");
  await coming.getByText(`${SECOND.title}: coming`).click();
  await expect(coming).toContainText(`acknowledged by ${cy.person.name}`);
  await look(ada.page, "phone", "teams-roles-coming");

  // At night Ben has both roles: he is asked once, and comes for both.
  await page.goto(`${hospital.url}/#/on-call`);
  await bring(page, [turn(LINES, -1, 12, ben.person), turn(SECOND, -1, 12, ben.person)]);
  await call("Bed 7, the line is out.");
  const both = ben.page.getByRole("region", { name: /^STAT/ });
  await expect(both).toHaveCount(1);
  await expect(both).toContainText(ROLE);
  await expect(both).toContainText(SECOND.title);
  await look(ben.page, "phone", "teams-both-roles-asked");
  await both.getByRole("button", { name: "Acknowledge" }).click();
  await expect(both).toHaveCount(0);
  await expect(coming).toContainText("All 2 are coming");
});

test("care teams come from a file, once it was seen what it changes", async ({
  hospital,
  phone,
}) => {
  const manager = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  const nurse = hospital.nurse();
  await manager.enroll();
  const { page } = manager;
  await page.goto(`${hospital.url}/#/officer`);
  const part = page.getByRole("region", { name: "Care teams", exact: true });
  const choose = (rows: string) =>
    part.locator("input[type=file]").setInputFiles({
      name: "teams.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(`patient_id,username\n${rows}`),
    });

  await choose(`Jane Doe,${nurse.user}\n`);
  await expect(part.getByRole("alert")).toContainText("line 2: patient_id is");
  await choose(`feed-1,${nurse.user}\nfeed-1,nobody.here\n`);
  await expect(part).toContainText("line 3: nobody in use has this sign-in name");
  await expect(part.getByRole("button", { name: "Import", exact: true })).toBeDisabled();
  await part.scrollIntoViewIfNeeded();
  await look(page, "phone", "care-teams-wrong");

  await choose(`feed-1,${nurse.user}\n`);
  await expect(part.getByRole("status")).toHaveText(
    "Coming: 1. Leaving: 0. Teams that change: 1 of 1.",
  );
  await expect(part).toContainText(`Comes: ${nurse.name}`);
  await look(page, "phone", "care-teams");
  await part.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText("The care teams are imported.")).toBeVisible();
  // The same again changes nothing.
  await choose(`feed-1,${nurse.user}\n`);
  await expect(part.getByRole("status")).toHaveText("Nothing changes.");
});
