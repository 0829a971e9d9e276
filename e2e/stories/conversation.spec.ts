import { expect, test } from "../support/story.ts";

const RISING = "Potassium is 5.9 and rising, ECG shows peaked T waves.";
const COMING = "Calcium gluconate 10 ml now. I am on my way.";
const STAT = "He is in VF. Crash team to the bay, now.";

test("two people on their phones write to each other about a patient", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();

  const patient = await nurse.start([doctor.person], "a patient");
  await nurse.write(RISING);
  await nurse.sees(RISING);

  await doctor.open(nurse.person.name);
  await expect(doctor.page.getByRole("region", { name: "Patient" })).toContainText(patient);
  await doctor.sees(RISING);
  await nurse.state(RISING, "Read");

  await doctor.write(COMING);
  await nurse.sees(COMING);
  await doctor.state(COMING, "Read");

  await nurse.write(STAT, "STAT");
  await doctor.sees(STAT);
  await doctor.page.getByRole("button", { name: "Acknowledge" }).click();
  await expect(doctor.page.getByText("You acknowledged")).toBeVisible();
  await nurse.state(STAT, "Acknowledged");
});

test("a STAT message stands first in the list, and is announced to those who hear the screen", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  const pharmacist = await phone(hospital.person(({ role }) => role === "Pharmacist"));
  for (const each of [nurse, doctor, pharmacist]) {
    await each.enroll();
  }
  await nurse.start([doctor.person], "a patient");
  await nurse.write(STAT, "STAT");
  await nurse.state(STAT, "Delivered");
  await pharmacist.start([doctor.person]);
  await pharmacist.write("The interaction check is done.");
  await pharmacist.state("The interaction check is done.", "Delivered");

  await doctor.page.goto(`${hospital.url}/#/`);
  const links = doctor.page.getByRole("region", { name: "Conversations" }).getByRole("link");
  await expect(links.first()).toContainText(nurse.person.name);
  await expect(links.first()).toContainText("STAT, waiting for you");
  await expect(doctor.page.getByTestId("announcer")).toContainText(
    "The interaction check is done.",
  );
});

test("what is typed while a message is on its way is the next message", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const field = nurse.page.getByRole("textbox", { name: "Message" });
  await field.fill("Which dose?");
  // Both in one task of the page: nothing can be sent, let alone answered, in between.
  await field.evaluate((element) => {
    const area = element as HTMLTextAreaElement;
    area.form?.requestSubmit();
    const prototype = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
    prototype?.set?.call(area, "Which dose? And by which way?");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await nurse.sees("Which dose?");
  await expect(field).toHaveValue("And by which way?");
});

test("a reply carries what it answers", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Which dose?");
  await doctor.open(nurse.person.name);
  await (await doctor.more("Which dose?")).getByRole("button", { name: "Reply" }).click();
  await doctor.write("Half of it.");
  await expect(nurse.message("Half of it.")).toContainText("Which dose?");
});
