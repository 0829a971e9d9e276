/** A morning on a ward, from the end of the night to a phone that is gone: five people, each with a phone
 * of their own, one hospital, and everything that happens to them one after another. */
import { PHONE, SMALL_PHONE } from "../support/browser.ts";
import { fileOf, PLACE, remember, sizeOf, taken } from "../support/camera.ts";
import { look, tooWide } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { bring, sign, turn } from "../support/schedule.ts";
import { card, happened } from "../support/stat.ts";
import { expect, test } from "../support/story.ts";

/** One of the hospital's own, whose turns are others from now on: who is on call elsewhere cannot swap. */
const DUTY = {
  slug: "cardiology-on-call",
  title: "Cardiology on call",
  department: "Cardiology",
} as const;

const RASH = "New rash since the antibiotic at six. Pressure 100 over 60.";
const STOP = "Stop the antibiotic. Send me a photo, please.";
const PHOTO = "Chest, five minutes ago";
const NOTE = "Rash after the antibiotic. It is stopped; watch the airway.";
const WRONG = "Potassium 6.1, calcium is running.";
const SHOCK = "Anaphylaxis, the lips swell. Come now.";
const WELL = "Adrenaline given. Pressure 120, breathing well.";

/** Long enough to look at who is asked, on a busy machine too. */
const LEVEL_MS = 25_000;
const SOON = [
  "[escalation]",
  "re_alert_ms = 5000",
  `level_ms = ${LEVEL_MS}`,
  `whole_ms = ${10 * LEVEL_MS}`,
  'levels = ["charge_nurse", "security_officer"]',
];

test("a ward morning: hand-over, a photo, a recall, a STAT that escalates twice, and a lost phone", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const amara = await phone(hospital.nurse(), PHONE);
  const night = await phone(hospital.doctor(), PHONE);
  const day = await phone(hospital.doctor(), SMALL_PHONE);
  const charge = await phone(
    hospital.person(({ role }) => role === "Charge nurse"),
    PHONE,
  );
  const officer = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    PHONE,
  );
  const everyone = [amara, night, day, charge, officer];
  for (const each of [night, day]) {
    await each.page.addInitScript(remember);
  }
  await Promise.all(everyone.map((each) => each.enroll()));
  // From here on the hospital is one like any other, and its record keeper a process beside it.
  await Promise.all(everyone.map(({ page }) => page.goto("about:blank")));
  await hospital.serve(SOON);
  // Nobody waits a day in a story.
  await hospital.keep("--recovery-wait-hours", "0");
  await Promise.all(everyone.map(arrive));

  await test.step("who is on call is signed", async () => {
    const { page } = officer;
    await page.goto(`${hospital.url}/#/on-call`);
    await bring(page, [turn(DUTY, -10, 0.5, night.person), turn(DUTY, 0.5, 12, day.person)]);
    await sign(page, DUTY, "morning-schedule");
  });

  const patient = await test.step("the nurse asks the doctor of the night", async () => {
    const about = await amara.startWithRole(DUTY.title, "a patient");
    await amara.write(RASH);
    await night.open(about);
    await night.sees(RASH);
    await night.write(STOP);
    await amara.sees(STOP);
    await expect(amara.page.getByText(`${night.person.name} now, until`)).toBeVisible();
    return about;
  });

  await test.step("and sends a photo", async () => {
    const { page } = amara;
    const photo = await taken(page);
    expect(photo.includes(PLACE)).toBe(true);
    await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
    const sheet = page.getByRole("dialog", { name: "Attach" });
    await sheet
      .getByLabel("Take a photo")
      .setInputFiles({ name: "IMG_0655.jpg", mimeType: "image/jpeg", buffer: photo });
    await sheet.getByRole("textbox", { name: "What to say with it" }).fill(PHOTO);
    await look(page, "phone", "morning-photo");
    await sheet.getByRole("button", { name: "Send" }).click();
    await expect(sheet).toHaveCount(0);
    await night.sees(PHOTO);
    await whole(night);
    await look(night.page, "phone", "morning-photo-seen");
    await amara.state(PHOTO, "Read");
  });

  await test.step("the night ends: a note for the day, which takes the rest of the turn", async () => {
    const { page } = night;
    await page.goto(`${hospital.url}/#/on-call`);
    await page
      .getByRole("button", { name: `Hand over ${DUTY.title} to ${day.person.name}` })
      .click();
    const form = page.getByRole("dialog");
    await form.getByRole("textbox", { name: "Illness severity" }).fill("Watcher");
    await form.getByRole("textbox", { name: "Patient summary" }).fill(NOTE);
    await look(page, "phone", "morning-hand-over");
    await form.getByRole("button", { name: "Send the form" }).click();
    await expect(form).toHaveCount(0);
    await day.open(DUTY.title);
    await expect(day.page.getByText(NOTE, { exact: true })).toBeVisible();
    await lookSmall(day, "morning-note");

    await page.goto(`${hospital.url}/#/on-call`);
    const mine = page.getByRole("region", { name: "Your turns" });
    const running = mine.getByRole("button", { name: new RegExp(`swap ${DUTY.title}, now`) });
    await running.click();
    await mine.getByRole("searchbox", { name: /^Person/ }).fill(day.person.name);
    await mine.getByRole("button", { name: new RegExp(`^${day.person.name}`) }).click();
    const sure = page.getByRole("dialog", { name: `Ask ${day.person.name}?` });
    await sure.getByRole("button", { name: "Ask", exact: true }).click();
    await expect(sure).toHaveCount(0);
    await day.page.goto(`${hospital.url}/#/on-call`);
    const asked = day.page.getByRole("region", { name: "You are asked" });
    await expect(asked).toContainText(`${night.person.name} asks you to take over ${DUTY.title}`);
    await lookSmall(day, "morning-asked");
    await asked.getByRole("button", { name: /^Agree/ }).click();
    await expect(asked).toHaveCount(0);
    await expect(running).toHaveCount(0);
  });

  await test.step("the conversation follows the role, with what was said before", async () => {
    await day.open(patient);
    await day.sees(RASH);
    await day.sees(STOP);
    await day.sees(PHOTO);
    await whole(day);
    await expect(day.page.getByText(/^The record keeper handed this device/)).toBeVisible();
    await lookSmall(day, "morning-took-over");
    await expect(amara.page.getByText(`${day.person.name} took over ${DUTY.title}.`)).toBeVisible();
    await expect(amara.page.getByText(`${day.person.name} now, until`)).toBeVisible();
    await look(amara.page, "phone", "morning-followed");
  });

  await test.step("what was meant for another bed is recalled, and that it was said stays", async () => {
    // Whoever handed over reads along for half an hour.
    await night.open(patient);
    await amara.write(WRONG);
    await day.sees(WRONG);
    await night.sees(WRONG);
    await amara.state(WRONG, "Read");
    await amara.recall(WRONG);
    await expect(amara.message(WRONG)).toHaveCount(0);
    const messages = amara.page.getByRole("region", { name: "Messages", exact: true });
    await expect(messages.getByText(/^You recalled this at/)).toBeVisible();
    const read = messages.getByText(/^Read before that by/);
    await expect(read).toContainText(day.person.name);
    await expect(read).toContainText(night.person.name);
    await look(amara.page, "phone", "morning-recalled");
    for (const each of [day, night]) {
      await expect(each.page.getByText(`Recalled by ${amara.person.name}`)).toBeVisible();
      await expect(each.message(WRONG)).toHaveCount(0);
    }
  });

  await test.step("a STAT message that two do not answer, and the third takes", async () => {
    await amara.write(SHOCK, "STAT");
    const his = card(day.page, amara);
    await expect(his).toContainText(SHOCK);
    // Nothing of the conversation below stands over it.
    for (const words of [`${amara.person.name} needs somebody now`, SHOCK]) {
      await his.getByText(words).click({ trial: true });
    }
    // It asks whoever has the role, and not who had it.
    await expect(card(night.page, amara)).toHaveCount(0);
    await lookSmall(day, "morning-stat-asked");
    // In the cath lab, under a lead apron.
    await day.page.goto("about:blank");

    const hers = card(charge.page, amara);
    await expect(hers).toContainText(`To ${DUTY.title}`);
    await expect(charge.page.getByText(SHOCK)).toHaveCount(0);
    await look(charge.page, "phone", "morning-stat-charge-nurse");
    // Both hands in another bed: the phone rings in a pocket.
    const timeline = happened(amara, SHOCK);
    await expect(timeline).toContainText(`asked ${charge.person.name}`);
    await look(amara.page, "phone", "morning-stat-waits");

    const third = card(officer.page, amara);
    await expect(third).toContainText(`To ${DUTY.title}`);
    await look(officer.page, "phone", "morning-stat-third");
    await third.getByRole("button", { name: "Acknowledge" }).click();
    await expect(third).toHaveCount(0);
    await expect(hers).toHaveCount(0);
    await expect(timeline).toContainText(`Taken by ${officer.person.name}`);
    await timeline.getByText("Taken by").click();
    const steps = timeline.getByRole("list", { name: "What happened to it" });
    for (const each of [day, charge]) {
      const step = steps.getByRole("listitem").filter({ hasText: `asked ${each.person.name}` });
      await expect(step).toContainText("no answer");
    }
    const last = steps.getByText(`acknowledged by ${officer.person.name}`);
    await last.scrollIntoViewIfNeeded();
    await look(amara.page, "phone", "morning-stat-taken");
    await arrive(day);
    await expect(card(day.page, amara)).toHaveCount(0);
    // What is taken asks nobody for an answer.
    await day.open(patient);
    await expect(happened(day, SHOCK)).toContainText(`Taken by ${officer.person.name}`);
    await expect(day.page.getByRole("list", { name: "Answer at once" })).toHaveCount(0);
  });

  await test.step("a phone is lost, and the next one has everything", async () => {
    const spare = await phone(amara.person, PHONE);
    await amara.addDevice(spare);
    await spare.open(patient);
    await spare.sees(SHOCK);
    await amara.page.goto(`${hospital.url}/#/`);

    await spare.reportLost(() => look(spare.page, "phone", "morning-lost"));
    await amara.isErased();
    await look(amara.page, "phone", "morning-erased");

    const next = await phone(amara.person, PHONE);
    await next.page.addInitScript(remember);
    await spare.addDevice(next);
    await next.open(patient);
    for (const each of [RASH, STOP, PHOTO, SHOCK]) {
      await expect(next.message(each)).toHaveCount(1);
    }
    await whole(next);
    await expect(next.page.getByText(/^You recalled this at/)).toHaveCount(1);
    const had = next.page.getByText(/^Read before that by/);
    await expect(had).toContainText(day.person.name);
    await expect(had).toContainText(night.person.name);
    await expect(next.message(WRONG)).toHaveCount(0);
    await expect(next.page.getByText(/^The record keeper handed this device/)).toHaveCount(1);
    await look(next.page, "phone", "morning-replaced");
    await next.write(WELL);
    await day.open(patient);
    await day.sees(WELL);
    await lookSmall(day, "morning-end");
    await next.page.goto(`${hospital.url}/#/`);
    await expect(next.page.getByRole("link", { name: patient })).toContainText("breathing well");
    await look(next.page, "phone", "morning-list");
  });

  async function arrive(each: Phone): Promise<void> {
    await each.page.goto(hospital.url);
    await each.unlock();
  }
});

/** The photo came as a whole, and says nothing of where it was taken. */
async function whole(phone: Phone): Promise<void> {
  const image = phone.message(PHOTO).getByRole("img", { name: PHOTO });
  await image.scrollIntoViewIfNeeded();
  await expect.poll(() => sizeOf(image)).toEqual([2048, 1536]);
  const file = await fileOf(image);
  expect(file.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  expect(file.includes(PLACE)).toBe(false);
  expect(file.includes("Exif")).toBe(false);
}

/** Nothing is wider than the smallest phone. */
async function lookSmall({ page }: Phone, screen: string): Promise<void> {
  await look(page, "phone", `${screen}-small`);
  expect(await tooWide(page, "body *")).toEqual([]);
}
