/** What two people do to messages: answer, react, edit, name, recall. */
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("a message is answered, reacted to, edited and recalled between two phones", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Potassium is 3.2");
  await doctor.open(nurse.person.name);

  // A thumb's swipe, or the sheet from below.
  const sheet = await doctor.more("Potassium is 3.2");
  await look(doctor.page, "phone", "message-options");
  for (const button of await sheet.getByRole("button").all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  }
  await sheet.getByRole("button", { name: "Thumbs up" }).click();
  const thumb = { name: `Thumbs up, ${doctor.person.name}` };
  await expect(nurse.message("Potassium is 3.2").getByRole("button", thumb)).toBeVisible();
  await doctor.message("Potassium is 3.2").getByRole("button", thumb).click();
  await expect(nurse.message("Potassium is 3.2").getByRole("button", thumb)).toHaveCount(0);
  await (await doctor.more("Potassium is 3.2")).getByRole("button", { name: "Looking" }).click();

  await (await doctor.more("Potassium is 3.2")).getByRole("button", { name: "Reply" }).click();
  await doctor.write("Repeat it, please");
  const answer = nurse.message("Repeat it, please");
  await answer.getByRole("button", { name: /Go to the message it answers/ }).click();
  await expect(nurse.message("Potassium is 3.2").first()).toBeInViewport();

  // An edit names the doctor, and tells what was said before.
  await (await nurse.more("Potassium is 3.2")).getByRole("button", { name: "Edit" }).click();
  const field = nurse.page.getByRole("textbox", { name: "Message" });
  await expect(field).toHaveValue("Potassium is 3.2");
  await field.fill("Potassium is 6.2 @");
  await nurse.page
    .getByRole("list", { name: "Name someone" })
    .getByRole("button", { name: new RegExp(doctor.person.name) })
    .click();
  await nurse.page.getByRole("button", { name: "Save" }).click();
  await expect(field).toHaveValue("");
  const edited = doctor.message(`@${doctor.person.name}`);
  await expect(edited).toContainText("Potassium is 6.2");
  await look(doctor.page, "phone", "changed-messages");
  await edited.getByRole("button", { name: /^edited/ }).click();
  const versions = doctor.page.getByRole("dialog", { name: "What it said before" });
  await expect(versions.getByText("Potassium is 3.2")).toBeVisible();
  await look(doctor.page, "phone", "versions");
  await versions.getByRole("button", { name: "Close" }).click();
  // Nobody edits what another one wrote.
  const others = await doctor.more(`@${doctor.person.name}`);
  await expect(others.getByRole("button", { name: "Edit" })).toHaveCount(0);
  await expect(others.getByRole("button", { name: "Recall" })).toHaveCount(0);
  await others.getByRole("button", { name: "Close" }).click();

  // Read already when it is recalled, and its author is told.
  await nurse.write("Wrong bed");
  await nurse.state("Wrong bed", "Read");
  const who = await nurse.more("Wrong bed");
  await expect(who.getByText("1 of 1 read it")).toBeVisible();
  await expect(who.getByText(/^Delivered by \d\d:\d\d\s· Read by \d\d:\d\d$/)).toBeVisible();
  await look(nurse.page, "phone", "who-has");
  await who.getByRole("button", { name: "Close" }).click();
  await nurse.recall("Wrong bed", async (asked) => {
    await expect(asked.getByText("It was read already.")).toBeVisible();
    await look(nurse.page, "phone", "recall");
  });
  const messages = nurse.page.getByRole("region", { name: "Messages", exact: true });
  await expect(messages.getByText(/^You recalled this at/)).toBeVisible();
  await expect(messages.getByText(`Read before that by ${doctor.person.name}`)).toBeVisible();
  await expect(doctor.page.getByText(`Recalled by ${nurse.person.name}`)).toBeVisible();
  await expect(doctor.message("Wrong bed")).toHaveCount(0);
  await look(nurse.page, "phone", "recalled");

  // It is gone from the store, too.
  await doctor.page.reload();
  await doctor.unlock();
  await doctor.open(nurse.person.name);
  await expect(doctor.page.getByText(`Recalled by ${nurse.person.name}`)).toBeVisible();
  await expect(doctor.message("Wrong bed")).toHaveCount(0);
});

test("who is named in a conversation sees it in the list", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write(`@${doctor.person.user} please look at bed 4`);
  const list = doctor.page.getByRole("region", { name: "Conversations" });
  await expect(list.getByText("You are named 1 time")).toBeAttached();
  await look(doctor.page, "phone", "named-in-the-list");
  await doctor.open(nurse.person.name);
  await nurse.state(`@${doctor.person.name}`, "Read");
  await doctor.page.goto(`${hospital.url}/#/`);
  await expect(list.getByRole("link", { name: nurse.person.name })).toBeVisible();
  await expect(list.getByText("You are named 1 time")).toHaveCount(0);
});

test("a call for help is a form, and its answer one tap", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await page.getByRole("button", { name: /^STAT/ }).click();
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await page.getByRole("button", { name: /^SBAR/ }).click();
  const form = page.getByRole("dialog", { name: "SBAR" });
  await form.getByRole("textbox", { name: "Situation" }).fill("Potassium 6.8, pulse 41");
  await form.getByRole("textbox", { name: "Recommendation" }).fill("Come to bed 4 now");
  await look(page, "phone", "form");
  await form.getByRole("button", { name: "Send the form" }).click();
  await doctor.open(nurse.person.name);
  await expect(doctor.page.getByRole("term").filter({ hasText: "Situation" })).toBeVisible();
  await look(doctor.page, "phone", "form-and-quick-replies");
  await doctor.page.getByRole("button", { name: "On my way" }).click();
  await nurse.sees("On my way");
  // An answer is no acknowledgement.
  await expect(doctor.page.getByRole("button", { name: "Acknowledge" })).toBeVisible();
  await expect(doctor.page.getByRole("button", { name: "On my way" })).toHaveCount(0);
});

test("what was begun to be written is there after a restart, in a conversation that is pinned", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Good morning");
  const { page } = nurse;
  await page.getByRole("button", { name: "Where this conversation stands" }).click();
  await look(page, "phone", "place-of-a-conversation");
  await page.getByRole("button", { name: "Pin above the others" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("Lactate is");
  await page.goto(`${hospital.url}/#/`);
  const list = page.getByRole("region", { name: "Conversations" });
  await expect(list.getByText("Draft")).toBeVisible();
  await expect(list.getByText("Pinned")).toBeAttached();
  await look(page, "phone", "draft-and-pin");
  await page.reload();
  await nurse.unlock();
  await nurse.open(doctor.person.name);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("Lactate is");

  await page.getByRole("button", { name: "Where this conversation stands" }).click();
  await page.getByRole("button", { name: "Archive" }).click();
  await expect(list.getByText("Archived (1)")).toBeVisible();
  await doctor.open(nurse.person.name);
  await doctor.write("Good morning to you");
  await expect(list.getByRole("link", { name: doctor.person.name })).toBeVisible();
  await expect(list.getByText("Archived (1)")).toHaveCount(0);
});

test("a message that goes by itself says so, before and after it is sent", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await page.getByRole("button", { name: "1 hour" }).click();
  await look(page, "phone", "expiry");
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await expect(page.getByText(/^Goes by itself: 1 hour/)).toBeVisible();
  await nurse.write("The door code is 4711");
  await doctor.open(nurse.person.name);
  await expect(doctor.message("The door code is 4711").getByText(/^Goes at/)).toBeAttached();
  // The next one stays.
  await nurse.write("Good night");
  await expect(doctor.message("Good night").getByText(/^Goes/)).toHaveCount(0);
});

test("what goes once it is read is shown in its conversation only, and goes a minute later", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await page.getByRole("button", { name: "Once read" }).click();
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await nurse.write("She asked for nobody to know");

  // The list says that there is one, and neither it nor a search what it says.
  const there = doctor.page.getByRole("link", { name: nurse.person.name });
  await expect(there).toContainText("A message that goes once it is read");
  await expect(doctor.page.getByText("She asked for nobody to know")).toHaveCount(0);
  await look(doctor.page, "phone", "burns-in-the-list");
  const box = doctor.page.getByRole("searchbox", { name: "Search messages, people, patients" });
  await box.fill("nobody to know");
  const found = doctor.page.getByRole("region", { name: "Found messages" });
  await expect(found.getByRole("listitem")).toHaveCount(0);
  await box.fill("");

  await doctor.open(nurse.person.name);
  await expect(doctor.message("She asked for nobody to know")).toBeVisible();
  await expect(doctor.page.getByText("This message expired")).toBeVisible({ timeout: 120_000 });
  await expect(doctor.page.getByText("She asked for nobody to know")).toHaveCount(0);
});
