/** A stolen phone, switched off: what its disk says. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { LAUNCH, PHONE } from "../support/browser.ts";
import { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const MINE = "Haemoglobin fell to 6.1, crossmatching four units.";
const THEIRS = "Endoscopy is ready, bring her down with oxygen.";
const DRAFT = "Typed and never sent: query varices";

test("the browser's profile on disk holds no message, patient or colleague", async ({
  hospital,
  phone,
}) => {
  const doctor = await phone(hospital.doctor());
  await doctor.enroll();

  const folder = await mkdtemp(join(tmpdir(), "wardline-profile-"));
  const context = await chromium.launchPersistentContext(folder, { ...LAUNCH, ...PHONE });
  const nurse = await Phone.take(context, hospital.nurse());
  await nurse.enroll();
  const patient = await nurse.start([doctor.person], "a patient");
  const banner = nurse.page.getByRole("region", { name: "Patient" });
  const mrn = /SB-\d{6}/.exec((await banner.textContent()) ?? "")?.[0] ?? "";
  expect(mrn).not.toBe("");
  await nurse.write(MINE);
  await doctor.open(nurse.person.name);
  await doctor.sees(MINE);
  await doctor.write(THEIRS);
  await nurse.sees(THEIRS);
  await nurse.page.getByRole("textbox", { name: "Message" }).fill(DRAFT);
  await nurse.page.goto(`${hospital.url}/#/`);
  await nurse.page.getByRole("searchbox").fill(patient);

  const [family = ""] = patient.split(",");
  const secrets = [MINE, THEIRS, DRAFT, patient, family, mrn, doctor.person.name];

  const stored = await nurse.page.evaluate(readDatabases);
  expect(stored.length).toBeGreaterThan(0);
  for (const secret of secrets) {
    expect(
      stored.filter((text) => text.includes(secret)),
      `database entries with ${secret}`,
    ).toEqual([]);
  }

  await context.close();
  const found: string[] = [];
  let read = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) {
      continue;
    }
    const file = join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    read += bytes.length;
    for (const secret of secrets) {
      if (bytes.includes(secret, 0, "utf8") || bytes.includes(secret, 0, "utf16le")) {
        found.push(`${file}: ${secret}`);
      }
    }
  }
  await rm(folder, { recursive: true, force: true });
  expect(read).toBeGreaterThan(100_000);
  expect(found).toEqual([]);
  expect(nurse.complaints).toEqual([]);
});

/** Every name and value of every IndexedDB store of the page's origin, as text. */
async function readDatabases(): Promise<string[]> {
  const texts: string[] = [];
  const answer = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name = "" } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([
        answer(objects.getAllKeys()),
        answer<unknown[]>(objects.getAll()),
      ]);
      texts.push(...keys.map(String));
      for (const value of values) {
        texts.push(
          value instanceof Uint8Array ? new TextDecoder("utf-8").decode(value) : String(value),
        );
      }
    }
    database.close();
  }
  return texts;
}
