import { DESKTOP } from "../support/browser.ts";
import { Hospital } from "../support/hospital.ts";
import { look } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

test("whoever enrols in the demo finds what was written before", async ({ phone }) => {
  test.slow();
  const hospital = await Hospital.open(["--conversations"]);
  try {
    const doctor = await phone(hospital.person(({ user }) => user === "daniel.okafor"));
    await doctor.enroll();
    const list = doctor.page.getByRole("region", { name: "Conversations" });
    // The record keeper brings the phone in and hands the conversations over.
    await expect(list.getByRole("link").first()).toBeVisible();
    await expect(list.getByText(/allerg|potassium|troponin|bed|scan/i).first()).toBeVisible();
    await look(doctor.page, "phone", "demo-conversations");
    await list.getByRole("link").first().click();
    await expect(doctor.page.getByText(/The record keeper handed this device/)).toBeVisible();
    await look(doctor.page, "phone", "demo-conversation");
    await doctor.write("I take it from here.");
    await doctor.state("I take it from here.", "Sent");

    const nurse = await phone(
      hospital.person(({ user }) => user === "amara.osei"),
      DESKTOP,
    );
    await nurse.enroll();
    const hers = nurse.page.getByRole("region", { name: "Conversations" });
    await expect(hers.getByRole("link").first()).toBeVisible();
    await hers.getByRole("link").first().click();
    await expect(nurse.page.getByRole("textbox", { name: "Message" })).toBeVisible();
    await look(nurse.page, "desktop", "demo-conversation");
  } finally {
    await hospital.close();
  }
});
