/** What does not leave the phone is said so, in time to call somebody. */
import { look } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { card } from "../support/stat.ts";
import { expect, test } from "../support/story.ts";

const WORDS = "Bed 4 is septic, come now.";
/** What a healthy line takes, on a slow machine. */
const SOON = { timeout: 15_000 };

test("a STAT message in a dead spot says that nobody was asked", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await hospital.serve(["[escalation]", 'call = "2222"']);
  for (const each of [nurse, doctor]) {
    await each.page.reload();
    await each.unlock();
  }
  await nurse.open(doctor.person.name);
  await nurse.write("Good morning.");
  await nurse.state("Good morning.", "Delivered");

  await nurse.context.setOffline(true);
  await nurse.write(WORDS, "STAT");
  const unsent = nurse.page.getByRole("region", { name: "STAT Not sent" });
  await expect(unsent).toBeVisible({ timeout: 20_000 });
  await expect(unsent).toContainText(`to ${doctor.person.name}`);
  await expect(unsent).toContainText("Nobody was asked.");
  // The number is known in a dead spot, too, where it is needed.
  await expect(unsent.getByRole("link", { name: "Call 2222" })).toHaveAttribute("href", "tel:2222");
  await look(nurse.page, "phone", "stat-unsent");
  const message = nurse.message(WORDS);
  await expect(message).toContainText("Not sent yet: nobody was asked.");

  // Given up, it never leaves.
  await unsent.getByRole("button", { name: "Do not send" }).click();
  const sure = nurse.page.getByRole("dialog", { name: "Give this STAT message up?" });
  await sure.getByRole("button", { name: "Do not send" }).click();
  await expect(unsent).toHaveCount(0);
  await expect(message).toHaveCount(0);

  // Another one leaves by itself when the line is back within minutes.
  const again = "He arrests. Anybody.";
  await nurse.write(again, "STAT");
  await expect(unsent).toBeVisible({ timeout: 20_000 });
  await nurse.context.setOffline(false);
  await expect(card(doctor.page, nurse)).toBeVisible();
  await expect(unsent).toHaveCount(0);
  await doctor.open(nurse.person.name);
  await doctor.sees(again);
  await expect(doctor.message(WORDS)).toHaveCount(0);
});

test("a hospital that is there and does not take a STAT message is no reason to wait", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Good morning.");
  await nurse.state("Good morning.", "Delivered");

  // The socket stands, so that nothing but this tells that it did not leave.
  let refused = 0;
  const path = "**/v1/groups/*/messages";
  await nurse.context.route(path, async (route) => {
    refused += 1;
    await route.fulfill({ status: 503, body: "" });
  });
  await nurse.write(WORDS, "STAT");
  const unsent = nurse.page.getByRole("region", { name: "STAT Not sent" });
  await expect(unsent).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => refused, SOON).toBeGreaterThan(1);
  expect(refused, "it is sent again every few seconds").toBeLessThan(20);
  await nurse.context.unroute(path);
  // By itself, and once.
  await expect(card(doctor.page, nurse)).toBeVisible(SOON);
  await expect(unsent).toHaveCount(0);
});

test("a phone without room keeps what was typed, and sends it once", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Good morning.");
  await nurse.state("Good morning.", "Delivered");
  await doctor.open(nurse.person.name);

  const quota = await nurse.context.newCDPSession(nurse.page);
  const { origin } = new URL(hospital.url);
  await quota.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  // What was allowed before lasts some seconds.
  await expect.poll(() => hasRoom(nurse), { timeout: 60_000 }).toBe(false);
  const field = nurse.page.getByRole("textbox", { name: "Message" });
  await nurse.write(WORDS);
  const told = nurse.page.getByText(/storage refused to write; free some space/);
  await expect(told.first()).toBeVisible();
  await expect(field).toHaveValue(WORDS);
  await expect(nurse.message(WORDS)).toHaveCount(0);
  await look(nurse.page, "phone", "no-room");

  await quota.send("Storage.overrideQuotaForOrigin", { origin });
  await expect.poll(() => hasRoom(nurse), { timeout: 60_000 }).toBe(true);
  await nurse.page.getByRole("button", { name: "Send" }).click();
  await expect(field).toHaveValue("");
  await nurse.state(WORDS, "Read");
  await nurse.write("Done.");
  await doctor.sees("Done.");
  await doctor.sees(WORDS);
});

test("the words of a STAT message do not wait for its photo", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  await nurse.write("Good morning.");
  await nurse.state("Good morning.", "Delivered");
  await doctor.open(nurse.person.name);

  // The upload gets nowhere.
  const path = "**/v1/groups/*/attachments";
  await nurse.context.route(path, (route) => route.abort());
  const { page } = nurse;
  await page.getByRole("button", { name: /^Urgency/ }).click();
  await page.getByRole("button", { name: /^STAT/ }).click();
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  const sheet = page.getByRole("dialog", { name: "Attach" });
  await sheet.getByLabel("Photo or PDF of this device").setInputFiles({
    name: "ECG.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from(`%PDF-1.7\n${"0".repeat(50_000)}`),
  });
  await expect(sheet).toContainText("The file follows as an answer to it");
  await sheet.getByRole("textbox", { name: "What to say with it" }).fill(WORDS);
  await sheet.getByRole("button", { name: "Send", exact: true }).click();
  await expect(card(doctor.page, nurse)).toBeVisible(SOON);
  await expect(card(doctor.page, nurse)).toContainText(WORDS);

  await nurse.context.unroute(path);
  await page.reload();
  await nurse.unlock();
  await card(doctor.page, nurse).getByRole("button", { name: "Acknowledge" }).click();
  await expect(doctor.message("ECG.pdf").last()).toBeVisible();
});

/** Whether the browser still writes for this origin. */
function hasRoom({ page }: Phone): Promise<boolean> {
  return page.evaluate(
    () =>
      new Promise<boolean>((resolve) => {
        const opening = indexedDB.open("room", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("a");
        opening.onerror = () => resolve(false);
        opening.onsuccess = () => {
          const database = opening.result;
          const end = (room: boolean) => {
            database.close();
            resolve(room);
          };
          const writing = database.transaction("a", "readwrite", { durability: "strict" });
          writing.objectStore("a").put(new Uint8Array(100_000), "a");
          writing.oncomplete = () => end(true);
          writing.onabort = () => end(false);
        };
      }),
  );
}
