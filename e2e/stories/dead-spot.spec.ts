import { expect, test } from "../support/story.ts";

test("what is written in a dead spot goes out once, when the network is back", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person], "a patient");
  await nurse.write("First, while connected.");
  await doctor.open(nurse.person.name);
  await doctor.sees("First, while connected.");

  await nurse.context.setOffline(true);
  await nurse.write("Second, in the lift.");
  await nurse.write("Third, in the basement.");
  await nurse.state("Second, in the lift.", "Sending");
  await expect(nurse.page.getByText("Offline. Messages go out when connected.")).toBeVisible();
  await doctor.write("Fourth, meanwhile.");
  await doctor.state("Fourth, meanwhile.", "Sent");
  await expect(doctor.message("Second, in the lift.")).toHaveCount(0);

  await nurse.context.setOffline(false);
  await doctor.sees("Second, in the lift.");
  await doctor.sees("Third, in the basement.");
  await nurse.sees("Fourth, meanwhile.");
  await nurse.state("Third, in the basement.", "Read");
  await expect(nurse.page.getByText("Offline. Messages go out when connected.")).toBeHidden();
});

test("what was read in a dead spot counts as read once the network is back", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Where are you?");
  await nurse.page.goto(`${new URL(nurse.page.url()).origin}/#/`);
  await doctor.open(nurse.person.name);
  await doctor.write("In the cellar.");
  await doctor.state("In the cellar.", "Delivered");

  await nurse.context.setOffline(true);
  await nurse.open(doctor.person.name);
  await nurse.sees("In the cellar.");
  await doctor.state("In the cellar.", "Delivered");

  await nurse.context.setOffline(false);
  await doctor.state("In the cellar.", "Read");
});

test("the app opens in a dead spot and shows what is on the phone", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person], "a patient");
  await nurse.write("Kept on the phone.");
  await nurse.state("Kept on the phone.", "Delivered");
  await nurse.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));

  await nurse.context.setOffline(true);
  await nurse.page.reload();
  await nurse.unlock();
  await nurse.sees("Kept on the phone.");
  await nurse.write("Written before any network.");
  await nurse.state("Written before any network.", "Sending");

  await nurse.context.setOffline(false);
  await nurse.page.getByRole("button", { name: "Sign in" }).click();
  await nurse.state("Written before any network.", "Delivered");
  await doctor.open(nurse.person.name);
  await doctor.sees("Written before any network.");
});
