/** What every story has: a hospital of its own, and phones as it needs them. */
import { writeFile } from "node:fs/promises";
import { type BrowserContextOptions, test as base, expect } from "@playwright/test";
import { PHONE } from "./browser.ts";
import { Hospital, type Person } from "./hospital.ts";
import { Phone } from "./phone.ts";

export interface Story {
  hospital: Hospital;
  /** Gives a person a device: a phone, or what `options` describe. */
  phone(person: Person, options?: BrowserContextOptions): Promise<Phone>;
}

export const test = base.extend<Story>({
  hospital: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
    async ({}, use) => {
      const hospital = await Hospital.open();
      await use(hospital);
      await hospital.close();
    },
    { timeout: 240_000 },
  ],
  phone: async ({ browser }, use, info) => {
    const phones: Phone[] = [];
    await use(async (person, options = PHONE) => {
      const phone = await Phone.take(await browser.newContext(options), person);
      phones.push(phone);
      return phone;
    });
    if (info.status !== info.expectedStatus) {
      for (const { person, traffic, complaints } of phones) {
        const file = info.outputPath(`traffic-of-${person.user}.txt`);
        await writeFile(file, [...complaints, ...traffic].join("\n"));
      }
    }
    const complaints = phones.flatMap((phone) => phone.complaints);
    await Promise.all(phones.map(({ context }) => context.close()));
    expect(complaints, "complaints of the pages").toEqual([]);
  },
});

export { expect };
