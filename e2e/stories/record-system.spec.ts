/** A chart out of the hospital's record system: as of when it is stands above it, and stays true when the
 * record system does not answer. */
import { DESKTOP, PHONE } from "../support/browser.ts";
import { look, tooWide } from "../support/look.ts";
import { RecordSystem } from "../support/record-system.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse on a ${view} sees how fresh a chart of the record system is`, async ({
    hospital,
    phone,
  }) => {
    test.slow();
    const system = await RecordSystem.open();
    const nurse = await phone(hospital.nurse(), options);
    const doctor = await phone(hospital.doctor());
    await nurse.enroll();
    await doctor.enroll();
    const { page } = nurse;
    const patient = await nurse.start([doctor.person], "a patient");
    const banner = page.getByRole("region", { name: "Patient" });
    const number = /SB-\d{6}/.exec((await banner.textContent()) ?? "")?.[0];
    await banner.getByRole("link", { name: `${patient}, chart` }).click();
    await expect(page.getByRole("heading", { name: "Chart", level: 1 })).toBeVisible();
    await expect(page.getByText("record system")).toHaveCount(0);
    const chart = page.url();

    // The same person by the number, and something that only the record system knows.
    const typed = { coding: [{ code: "MR" }] };
    const put = (resource: object) => system.tell({ put: resource });
    await put({
      resourceType: "Patient",
      id: "there-1",
      identifier: [{ system: "urn:there", value: number, type: typed }],
    });
    await put({
      resourceType: "Condition",
      id: "only-there",
      subject: { reference: "Patient/there-1" },
      clinicalStatus: { coding: [{ code: "active" }] },
      code: { text: "Known there alone" },
    });
    await hospital.serve(system.config);
    const again = async () => {
      await page.goto(chart);
      await page.reload();
      await nurse.unlock();
    };
    await again();
    const essentials = page.getByRole("region", { name: "Essentials" });
    await expect(essentials).toContainText("Known there alone");
    await expect(page.getByText(/^From the record system, as of /)).toBeVisible();
    expect(await tooWide(page)).toEqual([]);
    await look(page, view, "chart-source");

    // It goes away: what was copied stays, and says so.
    await system.tell({ fault: { down: true } });
    await page.waitForTimeout(6000);
    await again();
    const away = page.getByRole("status").filter({ hasText: "does not answer" });
    await expect(away).toContainText(/^As of .*newer entries are not here\./);
    await expect(essentials).toContainText("Known there alone");
    expect(await tooWide(page)).toEqual([]);
    await look(page, view, "chart-source-away");

    // And back.
    await system.tell({ fault: null });
    await away.getByRole("button", { name: "Ask again" }).click();
    await expect(page.getByText(/^From the record system, as of /)).toBeVisible();
    await expect(away).toHaveCount(0);
    await system.close();
  });
}
