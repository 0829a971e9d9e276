import { expect, test } from "../support/story.ts";

test("two people on their phones write to each other about a patient", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.person(({ role }) => /nurse/i.test(role)));
  const doctor = await phone(hospital.person(({ role }) => /physician|cardio/i.test(role)));
  await nurse.enroll();
  await doctor.enroll();

  const patient = await nurse.start([doctor.person], "an");
  await nurse.write("Potassium is 5.9 and rising, ECG shows peaked T waves.");
  await nurse.sees("Potassium is 5.9 and rising, ECG shows peaked T waves.");

  await doctor.open(nurse.person.name);
  await expect(doctor.page.getByRole("region", { name: "Patient" })).toContainText(patient ?? "?");
  await doctor.sees("Potassium is 5.9 and rising, ECG shows peaked T waves.");
  await nurse.state("Potassium is 5.9 and rising, ECG shows peaked T waves.", "Read");

  await doctor.write("Calcium gluconate 10 ml now. I am on my way.");
  await nurse.sees("Calcium gluconate 10 ml now. I am on my way.");
  await doctor.state("Calcium gluconate 10 ml now. I am on my way.", "Read");
});
