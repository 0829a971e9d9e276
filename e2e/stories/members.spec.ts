import { expect, test } from "../support/story.ts";

test("who is added reads from then on, who is removed reads no further", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  const pharmacist = await phone(hospital.person(({ role }) => role === "Pharmacist"));
  const resident = await phone(hospital.person(({ role }) => role === "Resident"));
  for (const each of [nurse, doctor, pharmacist, resident]) {
    await each.enroll();
  }
  await nurse.start([doctor.person, pharmacist.person]);
  await nurse.write("For the three of us.");
  await doctor.open(/For the three of us/);
  await pharmacist.open(/For the three of us/);
  await pharmacist.sees("For the three of us.");

  await nurse.page.getByRole("button", { name: "People in this conversation" }).click();
  await nurse.page.getByRole("button", { name: "Add people" }).click();
  await nurse.page.getByRole("searchbox", { name: /Person/ }).fill(resident.person.name);
  await nurse.page.getByRole("button", { name: new RegExp(`^${resident.person.name}`) }).click();
  await nurse.page.getByRole("button", { name: "Add 1 person" }).click();
  const people = nurse.page.getByRole("dialog", { name: "People" });
  await expect(people.getByText(resident.person.name)).toBeVisible();
  await people.getByRole("button", { name: "Close" }).click();
  await nurse.write("For the four of us.");
  await resident.open(/For the four of us/);
  await resident.sees("For the four of us.");
  await expect(resident.message("For the three of us.")).toHaveCount(0);
  await pharmacist.sees("For the four of us.");

  await nurse.page.getByRole("button", { name: "People in this conversation" }).click();
  await nurse.page.getByRole("button", { name: `Remove ${pharmacist.person.name}` }).click();
  await nurse.page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(people.getByText(doctor.person.name)).toBeVisible();
  await expect(people.getByText(pharmacist.person.name)).toHaveCount(0);
  await people.getByRole("button", { name: "Close" }).click();
  await nurse.write("Without the pharmacist.");
  await doctor.sees("Without the pharmacist.");
  await resident.sees("Without the pharmacist.");
  await expect(pharmacist.message("Without the pharmacist.")).toHaveCount(0);
});
