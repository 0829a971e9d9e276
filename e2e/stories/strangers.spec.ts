import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("a phone that lost its keys sends nothing to people whom it saw nobody let in", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  const third = await phone(hospital.nurse());
  await nurse.enroll();
  await doctor.enroll();
  await third.enroll();
  await nurse.start([doctor.person, third.person]);
  await nurse.write("Drain output is 400 ml since noon.");
  await doctor.open(nurse.person.name);
  await doctor.sees("Drain output is 400 ml since noon.");
  const fourth = await phone(hospital.doctor());
  await fourth.enroll();

  // The browser loses the keys while the app is closed, and somebody comes meanwhile.
  await doctor.page.goto(`${hospital.url}/manifest.webmanifest`);
  await doctor.page.evaluate(async () => {
    const opened = indexedDB.open("wardline");
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opened.onsuccess = () => resolve(opened.result);
      opened.onerror = () => reject(opened.error);
    });
    const change = database.transaction("entries", "readwrite");
    // The names of groups' keys begin so.
    change.objectStore("entries").delete(IDBKeyRange.bound("v/m/", "v/m/\u{10ffff}"));
    await new Promise((resolve) => {
      change.oncomplete = resolve;
    });
    database.close();
  });
  await nurse.page.getByRole("button", { name: "People in this conversation" }).click();
  await nurse.page.getByRole("button", { name: "Add people" }).click();
  await nurse.page.getByRole("searchbox", { name: /Person/ }).fill(fourth.person.name);
  await nurse.page.getByRole("button", { name: new RegExp(`^${fourth.person.name}`) }).click();
  await nurse.page.getByRole("button", { name: "Add 1 person" }).click();
  const people = nurse.page.getByRole("dialog", { name: "People" });
  await expect(people.getByText(fourth.person.name)).toBeVisible();
  await people.getByRole("button", { name: "Close" }).click();

  await doctor.page.goto(hospital.url);
  await doctor.unlock();
  await doctor.open(nurse.person.name);
  const asked = doctor.page.getByRole("alert").filter({ hasText: fourth.person.name });
  await expect(asked).toContainText("came while this device was away");
  await look(doctor.page, "phone", "strangers");
  await doctor.write("On my way.");
  await doctor.state("On my way.", "Sending");
  await asked.getByRole("button", { name: "They belong here" }).click();
  await expect(asked).toHaveCount(0);
  await nurse.sees("On my way.");
});
