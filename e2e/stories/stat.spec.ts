/** A STAT message that nobody takes at first: it goes along the chain until somebody does, or until it is
 * said that nobody answered. */
import type { Page } from "@playwright/test";
import { PHONE } from "../support/browser.ts";
import { look } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const SEPTIC = "Bed 4 is septic, pressure 70 over 40.";
const LEVEL_MS = 30_000;

/** Quick enough for a story, and slow enough for a busy machine to take pictures in. */
const SOON = [
  "[escalation]",
  "re_alert_ms = 4000",
  `level_ms = ${LEVEL_MS}`,
  `whole_ms = ${10 * LEVEL_MS}`,
  'levels = ["charge_nurse", "security_officer"]',
  'call = "2222"',
];

test("nobody takes a STAT message at first, and the third who is asked does; another one nobody takes", async ({
  hospital,
  phone,
}) => {
  test.setTimeout(8 * 60_000);
  const nurse = await phone(hospital.nurse(), PHONE);
  const doctor = await phone(hospital.doctor(), PHONE);
  const charge = await phone(
    hospital.person(({ role }) => role === "Charge nurse"),
    PHONE,
  );
  const supervisor = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  for (const each of [nurse, doctor, charge, supervisor]) {
    await each.page.addInitScript(countTones);
    await each.enroll();
  }
  await nurse.start([doctor.person]);
  await hospital.serve(SOON);
  for (const each of [nurse, doctor, charge, supervisor]) {
    await each.page.reload();
    await each.unlock();
  }
  await nurse.open(doctor.person.name);
  await nurse.write(SEPTIC, "STAT");
  const timeline = happened(nurse, SEPTIC);
  await expect(timeline).toContainText("Nobody has taken it yet");

  // Who is in the conversation sees what it says, and is alerted again and again.
  const his = card(doctor.page, nurse);
  await expect(his).toContainText(SEPTIC);
  await expect(his).toContainText("until the charge nurse is asked, too");
  await look(doctor.page, "phone", "stat-asked");
  await doctor.page.mouse.click(5, 5);
  await expect.poll(() => tones(doctor.page)).toBeGreaterThan(0);

  // He writes back first: the card makes room, stays in sight with its one tap, and goes on sounding.
  await his.getByRole("button", { name: "Later" }).click();
  await expect(his).not.toContainText(SEPTIC);
  await expect(his.getByRole("button", { name: "Acknowledge" })).toBeVisible();
  await doctor.open(nurse.person.name);
  await his.getByRole("button", { name: "Show all of the STAT message" }).click();
  await expect(his).toContainText(SEPTIC);
  await doctor.page.getByRole("textbox", { name: "Message" }).focus();
  await expect(his).not.toContainText(SEPTIC);
  await doctor.write("Scrubbed in. Start the fluids.");
  await look(doctor.page, "phone", "stat-bar");
  const before = await tones(doctor.page);
  await expect.poll(() => tones(doctor.page), { timeout: 10_000 }).toBeGreaterThan(before);
  await expect(his.getByRole("button", { name: "Acknowledge" })).toBeVisible();
  await nurse.sees("Scrubbed in. Start the fluids.");
  // He goes out of reach, and never answers.
  await doctor.page.goto("about:blank");

  // The next one is not in the conversation: who and whom, and no word of what it says.
  const hers = card(charge.page, nurse);
  await expect(hers).toBeVisible({ timeout: 2 * LEVEL_MS });
  await expect(hers).toContainText(`To ${doctor.person.name}`);
  await expect(hers).toContainText("you are not one of them");
  await expect(charge.page.getByText(SEPTIC)).toHaveCount(0);
  await look(charge.page, "phone", "stat-asked-outside");
  await hers.getByRole("button", { name: "I cannot take it" }).click();
  const sure = charge.page.getByRole("dialog", { name: "You cannot take it?" });
  await expect(sure).toContainText("the security officer is asked at once");
  await look(charge.page, "phone", "stat-decline");
  await sure.getByRole("button", { name: "I cannot take it" }).click();
  await expect(hers).toHaveCount(0);

  // The third takes it with one tap, after the app was closed in between.
  await supervisor.page.goto("about:blank");
  await expect(timeline).toContainText(`asked ${supervisor.person.name}`, {
    timeout: 2 * LEVEL_MS,
  });
  await look(nurse.page, "phone", "stat-timeline");
  await supervisor.page.goto(hospital.url);
  await supervisor.unlock();
  const third = card(supervisor.page, nurse);
  await third.getByRole("button", { name: "Acknowledge" }).click();
  await expect(third).toHaveCount(0);
  await expect(supervisor.page.getByText("You took it")).toBeVisible();

  // The sender sees all of it, and still does when the app was opened anew.
  await expect(timeline).toContainText(`Taken by ${supervisor.person.name}`);
  await nurse.page.reload();
  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await timeline.getByText("Taken by").click();
  const steps = timeline.getByRole("list", { name: "What happened to it" });
  await expect(steps).toContainText(`asked ${doctor.person.name}`);
  await expect(steps).toContainText("no answer");
  await expect(steps).toContainText(`${charge.person.name} cannot take it`);
  await expect(steps).toContainText(`acknowledged by ${supervisor.person.name}`);
  await look(nurse.page, "phone", "stat-taken");

  // The second time nobody does, and that is said to the sender and to the last of the chain.
  const again = "He arrests. Anybody.";
  await nurse.write(again, "STAT");
  const failed = nurse.page.getByRole("region", { name: /STAT Nobody answered/ });
  await expect(failed).toBeVisible({ timeout: 5 * LEVEL_MS });
  await expect(failed).toContainText(`Nobody answered your STAT message to ${doctor.person.name}`);
  await expect(failed.getByRole("link", { name: "Call 2222" })).toHaveAttribute("href", "tel:2222");
  await look(nurse.page, "phone", "stat-nobody-sender");
  const told = supervisor.page.getByRole("region", { name: /STAT Nobody answered/ });
  await expect(told).toContainText(
    `Nobody answered the STAT message of ${nurse.person.name} to ${doctor.person.name}`,
  );
  await look(supervisor.page, "phone", "stat-nobody-supervisor");
  await told.getByRole("link", { name: "What happened so far" }).click();
  await told.getByRole("button", { name: "Understood" }).click();
  await expect(told).toHaveCount(0);
  await expect(supervisor.page.getByRole("main")).toContainText("Nobody answered, given up");
  await look(supervisor.page, "phone", "stat-list");
  await failed.getByRole("button", { name: "Understood" }).click();
  await expect(happened(nurse, again)).toContainText("Nobody answered, given up");

  // What is recalled nobody need come for.
  await doctor.page.goto(hospital.url);
  await doctor.unlock();
  const recalled = "False alarm?";
  await nurse.write(recalled, "STAT");
  await expect(card(doctor.page, nurse)).toBeVisible();
  const sheet = await nurse.more(recalled);
  await sheet.getByRole("button", { name: "Recall" }).click();
  await nurse.page.getByRole("dialog").getByRole("button", { name: "Recall" }).click();
  await expect(card(doctor.page, nurse)).toHaveCount(0);
  await expect(doctor.page.getByText("took the STAT message back")).toBeVisible();
});

function card(page: Page, sender: Phone) {
  return page.getByRole("region", { name: `STAT ${sender.person.name} needs somebody now` });
}

function happened(phone: Phone, text: string) {
  return phone.message(text).getByRole("group");
}

/** The page's own count of the tones that it made. */
function countTones(): void {
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (this: OscillatorNode, at?: number) {
    document.documentElement.dataset.tones = String(
      Number(document.documentElement.dataset.tones ?? 0) + 1,
    );
    start.call(this, at);
  };
}

function tones(page: Page): Promise<number> {
  return page.evaluate(() => Number(document.documentElement.dataset.tones ?? 0));
}
