/** A photo, a PDF and a voice note between two phones, and what of them is anywhere else. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { LAUNCH, PHONE } from "../support/browser.ts";
import { PLACE, sizeOf, taken } from "../support/camera.ts";
import { look } from "../support/look.ts";
import { redness, redPdf } from "../support/pdf.ts";
import { Phone } from "../support/phone.ts";
import { expect, test } from "../support/story.ts";

const PDF = [
  "%PDF-1.4",
  "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
  "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
  "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj",
  "% Consent to transfusion, signed",
  "trailer<</Root 1 0 R>>",
  "%%EOF",
].join("\n");

test("a photo from the camera reaches the other phone and says nothing of where it was taken", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;

  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  const sheet = page.getByRole("dialog", { name: "Attach" });
  await expect(sheet.getByText("Not kept in the gallery")).toBeVisible();
  await look(page, "phone", "attach");
  const photo = await taken(page);
  expect(photo.includes(PLACE)).toBe(true);
  const camera = sheet.getByLabel("Take a photo");
  await expect(camera).toHaveAttribute("capture", "environment");
  await camera.setInputFiles({ name: "IMG_20260105.jpg", mimeType: "image/jpeg", buffer: photo });
  await expect(sheet.getByRole("img", { name: "The photo as it will be sent" })).toBeVisible();
  await sheet.getByRole("textbox", { name: "What to say with it" }).fill("Wound on day 3");
  await look(page, "phone", "attach-photo");
  await sheet.getByRole("button", { name: "Send" }).click();
  await expect(sheet).toHaveCount(0);

  await doctor.open(nurse.person.name);
  await doctor.sees("Wound on day 3");
  const received = doctor.message("Wound on day 3").getByRole("img", { name: "Wound on day 3" });
  await expect(received).toBeVisible();
  await expect.poll(() => sizeOf(received)).toEqual([2048, 1536]);
  await look(doctor.page, "phone", "photo");
  await doctor.page.getByRole("button", { name: "Enlarge: Wound on day 3" }).click();
  const large = doctor.page.getByRole("dialog", { name: `Photo from ${nurse.person.name}` });
  await expect(large.getByRole("img", { name: "Wound on day 3" })).toBeVisible();
  await look(doctor.page, "phone", "photo-large");
  await large.getByRole("button", { name: "Close" }).click();

  // A PDF is a card, and opens within the app.
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  await sheet.getByLabel("Photo or PDF of this device").setInputFiles({
    name: "Consent.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from(PDF),
  });
  await sheet.getByRole("button", { name: "Send" }).click();
  const card = doctor.page.getByRole("button", { name: /^Consent\.pdf/ });
  await expect(card).toBeVisible();
  await card.click();
  const opened = doctor.page.getByRole("dialog", { name: "Consent.pdf" });
  const shown = opened.locator("iframe").or(opened.getByText("This browser shows no PDF"));
  await expect(shown).toBeVisible();
  await opened.getByRole("button", { name: "Close" }).click();

  // What is none of the three is refused here.
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  await sheet.getByLabel("Photo or PDF of this device").setInputFiles({
    name: "page.html",
    mimeType: "text/html",
    buffer: Buffer.from("<script>alert(1)</script>"),
  });
  await expect(sheet.getByRole("alert")).toContainText("Only photos, PDF documents");
  await sheet.getByRole("button", { name: "Close" }).click();

  // The hospital has neither picture nor document, nor what they are called.
  const secrets = [PLACE, "Consent.pdf", "Consent to transfusion", "%PDF-1.4", "Wound on day 3"];
  const stored = await everything(hospital.folder);
  // How every JPEG of a canvas begins.
  const jfif = Buffer.from("\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF", "latin1");
  for (const secret of [...secrets.map((text) => Buffer.from(text)), photo.subarray(0, 24), jfif]) {
    expect(stored.filter(([, content]) => content.includes(secret)).map(([file]) => file)).toEqual(
      [],
    );
  }

  // Recalled, it is gone from the other phone.
  await nurse.recall("Wound on day 3");
  await expect(doctor.page.getByText(`Recalled by ${nurse.person.name}`)).toBeVisible();
  await expect(doctor.page.getByRole("img", { name: "Wound on day 3" })).toHaveCount(0);
});

test("a PDF is read on the other phone, and the content security policy has nothing to say", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  for (const { page } of [nurse, doctor]) {
    // In every frame. What is told as an error fails the story.
    await page.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
        console.error(`policy: ${effectiveDirective} refused ${blockedURI}`),
      ),
    );
  }
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;
  const sent = redPdf();
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  const sheet = page.getByRole("dialog", { name: "Attach" });
  await sheet
    .getByLabel("Photo or PDF of this device")
    .setInputFiles({ name: "Echo.pdf", mimeType: "application/pdf", buffer: sent });
  await sheet.getByRole("button", { name: "Send" }).click();
  await expect(sheet).toHaveCount(0);

  await doctor.open(nurse.person.name);
  await doctor.page.getByRole("button", { name: /^Echo\.pdf/ }).click();
  const opened = doctor.page.getByRole("dialog", { name: "Echo.pdf" });
  if (await doctor.page.evaluate(() => navigator.pdfViewerEnabled)) {
    const viewer = opened.locator("iframe");
    await expect(viewer).toHaveAttribute("src", /^blob:/);
    const shown = async () => redness(doctor.page, await viewer.screenshot());
    await expect.poll(shown, { timeout: 20_000 }).toBeGreaterThan(0.05);
  } else {
    // A phone whose browser shows none: the person hands it to another app, and gets what was sent.
    await expect(opened.getByText("This browser shows no PDF")).toBeVisible();
    const download = doctor.page.waitForEvent("download");
    await opened.getByRole("link", { name: "Open in another app" }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe("Echo.pdf");
    expect((await readFile(await saved.path())).equals(sent)).toBe(true);
  }
  await opened.getByRole("button", { name: "Close" }).click();
  await expect(opened).toHaveCount(0);
  for (const { complaints } of [nurse, doctor]) {
    expect(complaints).toEqual([]);
  }
});

test("a photo that was taken in a dead spot goes out when the line is back", async ({
  hospital,
  phone,
}) => {
  const nurse = await phone(hospital.nurse());
  const doctor = await phone(hospital.doctor());
  await nurse.enroll();
  await doctor.enroll();
  await nurse.start([doctor.person]);
  const { page, context } = nurse;
  const photo = await taken(page);
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  const sheet = page.getByRole("dialog", { name: "Attach" });
  await context.setOffline(true);
  await sheet
    .getByLabel("Take a photo")
    .setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: photo });
  await sheet.getByRole("textbox", { name: "What to say with it" }).fill("Rash, left arm");
  await sheet.getByRole("button", { name: "Send" }).click();
  await nurse.sees("Rash, left arm");
  await expect(page.getByRole("progressbar", { name: "Uploading" })).toBeVisible();
  await look(page, "phone", "photo-waits");
  // Words do not wait for it.
  await context.setOffline(false);
  await doctor.open(nurse.person.name);
  await doctor.sees("Rash, left arm");
  await expect(page.getByRole("progressbar", { name: "Uploading" })).toHaveCount(0);
});

test("a voice note is recorded, sent and played", async ({ hospital, phone }) => {
  const doctor = await phone(hospital.doctor());
  await doctor.enroll();
  // A microphone of the browser's own making.
  const browser = await chromium.launch({
    ...LAUNCH,
    args: [
      ...(LAUNCH.args ?? []),
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
  const context = await browser.newContext(PHONE);
  await context.grantPermissions(["microphone"], { origin: hospital.url });
  const nurse = await Phone.take(context, hospital.nurse());
  await nurse.enroll();
  await nurse.start([doctor.person]);
  const { page } = nurse;
  await page.getByRole("button", { name: "Attach a photo, a file or a voice note" }).click();
  const sheet = page.getByRole("dialog", { name: "Attach" });
  await sheet.getByRole("button", { name: /^Voice note/ }).click();
  await expect(sheet.getByRole("timer")).toContainText("0:02");
  await look(page, "phone", "voice-recording");
  await sheet.getByRole("button", { name: "Stop" }).click();
  await sheet.getByRole("button", { name: "Send" }).click();

  await doctor.open(nurse.person.name);
  const name = `Voice note from ${nurse.person.name}`;
  await doctor.page.getByRole("button", { name: `Load: ${name}` }).click();
  const player = doctor.page.getByLabel(name, { exact: true });
  await expect(player).toBeVisible();
  await doctor.page.getByRole("button", { name: /^Speed 1,/ }).click();
  await player.evaluate(async (audio: HTMLAudioElement) => {
    audio.muted = true;
    await audio.play();
  });
  await expect
    .poll(() => player.evaluate((audio: HTMLAudioElement) => audio.playbackRate))
    .toBe(1.5);
  await expect
    .poll(() => player.evaluate((audio: HTMLAudioElement) => audio.currentTime))
    .toBeGreaterThan(0);
  await look(doctor.page, "phone", "voice-note");
  expect(nurse.complaints).toEqual([]);
  await browser.close();
});

/** All that the hospital has on its disk. */
async function everything(folder: string): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      files.push([file, await readFile(file)]);
    }
  }
  return files;
}
