/** Before something is sent it is said who would not notice: of a role, of a group, of a code team. */
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("of a group it is said how many would not notice, and of a role whether its holder would", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  const charge = await phone(hospital.person(({ role }) => role === "Charge nurse"));
  for (const each of [nurse, doctor, charge]) {
    await each.enroll();
  }
  const { page } = nurse;
  await nurse.start([doctor.person, charge.person]);
  const all = page.getByRole("status", { name: "Whether all would notice" });
  await nurse.write("Round at nine.");
  await nurse.state("Round at nine.", "Delivered");
  await expect(all).toHaveText("");

  await doctor.page.goto("about:blank");
  // Within the second the hospital knows that the app is closed.
  await doctor.page.waitForTimeout(3_000);
  await page.reload();
  await nurse.unlock();
  await nurse.open(charge.person.name);
  await expect(all).toContainText(`1 of 2 cannot be reached by phone: ${doctor.person.name}.`);
  await look(page, "phone", "reach-group");

  // Nobody who holds this role has a phone here.
  await page.goto(`${hospital.url}/#/new`);
  const role = page.getByRole("button", { name: /on call/ }).first();
  await role.click();
  await expect(page.getByRole("status", { name: /^Whether .* would notice$/ })).toContainText(
    "not reachable by phone",
  );
  await look(page, "phone", "reach-role");
});

test("whoever would notice is one tap away, and what was typed comes along", async ({
  hospital,
  phone,
}) => {
  const charge = await phone(hospital.person(({ role }) => role === "Charge nurse"));
  const doctor = await phone(hospital.doctor());
  const stands = await phone(
    hospital.person(({ user, role }) => user !== doctor.person.user && role === doctor.person.role),
  );
  for (const each of [charge, doctor, stands]) {
    await each.enroll();
  }
  await charge.start([doctor.person]);
  await doctor.page.goto("about:blank");
  await doctor.page.waitForTimeout(3_000);
  const { page } = charge;
  await page.reload();
  await charge.unlock();
  await charge.open(doctor.person.name);
  const words = "Can you look at bed 4?";
  await page.getByRole("textbox", { name: "Message" }).fill(words);
  const would = page.getByRole("status", { name: `Whether ${doctor.person.name} would notice` });
  const instead = would.getByRole("button", { name: /^Write to .* instead$/ });
  await look(page, "phone", "reach-instead");
  await instead.click();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue(words);
  await expect(would).toHaveCount(0);
  await charge.open(doctor.person.name);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("");
});
