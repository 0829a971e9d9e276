/** Who is on call: from a file, seen by everybody, and swapped between two people who agree. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import { csv, SCHEDULE_HEADER, turn } from "../support/schedule.ts";
import { expect, test } from "../support/story.ts";

const LINES = {
  slug: "line-team",
  title: "Line team on call",
  department: "Vascular Access",
} as const;
const ROLE = LINES.title;

test("two nurses swap a turn that runs", async ({ hospital, phone }) => {
  test.slow();
  const ada = await phone(hospital.nurse(), PHONE);
  const ben = await phone(hospital.nurse(), PHONE);
  const manager = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  await ada.enroll();
  await ben.enroll();
  await manager.enroll();

  // A file with a mistake is told by line, and the right one before it is taken.
  const runs = manager.page;
  await runs.goto(`${hospital.url}/#/on-call`);
  const file = runs.locator("input[type=file]");
  await file.setInputFiles(csv([SCHEDULE_HEADER, turn(LINES, -1, 3, { user: "nobody.here" })]));
  await expect(runs.getByText('line 2: nobody signs in as "nobody.here"')).toBeVisible();
  await expect(runs.getByRole("button", { name: "Import", exact: true })).toBeDisabled();
  await runs.getByText("Mend first").scrollIntoViewIfNeeded();
  await look(runs, "phone", "on-call-import-wrong");
  const right = [
    SCHEDULE_HEADER,
    turn(LINES, -30, -20, ben.person),
    turn(LINES, -1, 3, ada.person),
    turn(LINES, 3, 12, ben.person),
  ];
  await file.setInputFiles(csv(right));
  await expect(runs.getByText("line-team is a new role")).toBeVisible();
  await expect(runs.getByText("3 added, 0 removed, 0 changed")).toBeVisible();
  await look(runs, "phone", "on-call-import");
  await runs.getByRole("button", { name: "Import", exact: true }).click();
  await expect(runs.getByText("The schedule is imported.")).toBeVisible();

  // Ada's app heard of it by itself.
  await ada.page.getByRole("link", { name: /^On call/ }).click();
  const team = ada.page.getByRole("region", { name: "Vascular Access" });
  await expect(team).toContainText("You, until");
  await expect(team).toContainText(`Next: ${ben.person.name}`);
  await look(ada.page, "phone", "on-call");
  const mine = ada.page.getByRole("region", { name: "Your turns" });
  await mine.getByRole("button", { name: new RegExp(`swap ${ROLE}`) }).click();
  await mine.getByRole("searchbox", { name: /^Person/ }).fill(ben.person.name);
  await mine.getByRole("button", { name: new RegExp(`^${ben.person.name}`) }).click();
  const sure = ada.page.getByRole("dialog", { name: `Ask ${ben.person.name}?` });
  await look(ada.page, "phone", "on-call-ask");
  await sure.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(sure).toHaveCount(0);
  await expect(mine).toContainText(`${ben.person.name} is asked and has not answered.`);
  await expect(team).toContainText("You, until");

  // Ben is told wherever he is in the app, and agrees.
  await ben.page.getByRole("link", { name: /^On call.*1 swap to answer/ }).click();
  const asked = ben.page.getByRole("region", { name: "You are asked" });
  await expect(asked).toContainText(`${ada.person.name} asks you to take over ${ROLE}`);
  await look(ben.page, "phone", "on-call-asked");
  await asked.getByRole("button", { name: /^Agree/ }).click();
  await expect(asked).toHaveCount(0);
  const his = ben.page.getByRole("region", { name: "Vascular Access" });
  await expect(his).toContainText("You, until");
  await look(ben.page, "phone", "on-call-agreed");
  await expect(team).toContainText(`${ben.person.name}, until`);
});

test("the roles on call are readable on a workstation", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse(), DESKTOP);
  await nurse.enroll();
  await nurse.page.getByRole("link", { name: /^On call/ }).click();
  await expect(nurse.page.getByRole("heading", { name: "Cardiology", exact: true })).toBeVisible();
  await look(nurse.page, "desktop", "on-call");
});
