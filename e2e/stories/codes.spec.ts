/** One-time codes beside the passkey: apps that people add, cards that officers hand out. */
import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { Founding } from "../support/founding.ts";
import { look, tooWide } from "../support/look.ts";
import { expect, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

/** A phone of nine years ago: nothing may be wider. */
const SMALL = { width: 320, height: 640 };

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a nurse adds an authenticator app on a ${view}, uses, renames and removes it`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse(), options);
    await nurse.enroll();
    const { page } = nurse;
    await page.goto(`${hospital.url}/#/security`);
    const codes = page.getByRole("region", { name: "One-time codes" });
    await expect(codes).toContainText("You have neither an app nor a card for codes yet.");
    await codes.scrollIntoViewIfNeeded();
    await look(page, view, "codes-none");

    // Whoever has none is told whom to ask, and gives up.
    await asksForCode(page, "POST", "**/v1/factors");
    await codes.getByRole("button", { name: "Add an app" }).click();
    const adding = page.getByRole("dialog", { name: "Add an authenticator app" });
    await adding.getByRole("textbox", { name: "Name" }).fill("Old tablet");
    await look(page, view, "codes-add");
    await adding.getByRole("button", { name: "Continue" }).click();
    const asking = page.getByRole("dialog", { name: "Type a one-time code" });
    await expect(asking).toContainText("You rarely sign in from here.");
    await expect(asking.getByRole("alert")).toContainText("Go to an enrolling officer");
    await look(page, view, "codes-asked-without");
    await asking.getByText("Close", { exact: true }).click();
    await expect(adding.getByRole("alert")).toContainText("You did not confirm that it is you.");
    await expect(asking).toHaveCount(0);

    await adding.getByRole("button", { name: "Continue" }).click();
    const shown = adding.getByRole("status", { name: "Or type this secret into it:" });
    const grouped = (await shown.textContent()) ?? "";
    expect(grouped.trim()).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    const secret = base32(grouped);
    await expect(adding.getByRole("img", { name: "Picture with the secret" })).toBeVisible();
    await look(page, view, "codes-secret");
    const first = adding.getByRole("textbox", { name: "The code that the app shows now" });
    await first.fill("12 34");
    await adding.getByRole("button", { name: "Confirm" }).click();
    await expect(adding.getByRole("alert")).toHaveText("A code has six to eight digits.");
    const code = totp(secret, 0);
    await first.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await adding.getByRole("button", { name: "Confirm" }).click();
    await expect(adding).toHaveCount(0);
    const row = codes.getByRole("listitem").filter({ hasText: "Old tablet" });
    await expect(row).toContainText("last used just now");
    // The secret is told once.
    expect(await page.content()).not.toContain(grouped.slice(0, 9));
    await codes.scrollIntoViewIfNeeded();
    await look(page, view, "codes");

    await row.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("My phone");
    await page.getByRole("button", { name: "Save the name" }).click();
    const mine = codes.getByRole("listitem").filter({ hasText: "My phone" });
    await expect(mine).toBeVisible();

    // Asked for the passkey and a code, the same code twice is refused in words; the next is right.
    await asksForCode(page, "DELETE", "**/v1/factors/*", "user_verification");
    await mine.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog", { name: "Remove My phone?" }).getByText("Remove").last().click();
    const consent = page.getByRole("dialog", { name: "Confirm that it is you" });
    await expect(asking.or(consent)).toBeVisible();
    if (await consent.isVisible()) {
      // On a slow machine the tap was too long ago for the passkey's prompt.
      await consent.getByRole("button", { name: "Confirm" }).click();
    }
    await expect(asking).toContainText("Your passkey was right. One more step.");
    const field = asking.getByRole("textbox", { name: "Code" });
    await field.fill(code);
    await asking.getByRole("button", { name: "Confirm" }).click();
    await expect(asking.getByRole("alert")).toHaveText(
      "The code was used before. Wait for the next code of your card or app, then type that.",
    );
    await expect(field).toBeFocused();
    await look(page, view, "codes-asked");
    // Too many that are not right have to wait, and the seconds are counted down.
    for (const wrong of [1, 2]) {
      await field.fill(code.replaceAll(/\d/g, (digit) => String((Number(digit) + wrong) % 10)));
      await asking.getByRole("button", { name: "Confirm" }).click();
      await expect(asking.getByRole("alert")).toContainText("The code is not right.");
    }
    await field.fill(totp(secret, 1));
    await asking.getByRole("button", { name: "Confirm" }).click();
    await expect(asking.getByRole("alert")).toContainText("There were too many wrong codes. Wait");
    await expect(asking.getByRole("button", { name: /^Wait \d+ s$/ })).toBeDisabled();
    await look(page, view, "codes-wait");
    await field.fill(totp(secret, 1));
    await asking.getByRole("button", { name: "Confirm" }).click();
    await expect(asking).toHaveCount(0);
    await expect(mine).toHaveCount(0);
    await expect(codes).toContainText("You have neither an app nor a card for codes yet.");
  });

  test(`an officer on a ${view} reads in token cards, hands one out and takes it back`, async ({
    hospital,
    phone,
  }) => {
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      options,
    );
    const nurse = await phone(hospital.nurse());
    await officer.enroll();
    await nurse.enroll();
    const { page } = officer;
    await page.getByRole("link", { name: "Officer", exact: true }).click();
    const cards = page.getByRole("region", { name: "Token cards" });
    await expect(cards).toContainText("No cards are read in yet.");

    // A file that is not right is refused whole, with its row.
    await choose(page, "cards.csv", [
      "serial,type,secret_hex,model",
      `GX-1,sms,${hex(KEYS[0])},C200`,
    ]);
    await cards.getByRole("button", { name: "Read it in" }).click();
    await expect(cards.getByRole("alert")).toContainText("Row 1, GX-1: its type");
    await look(page, view, "cards-refused");
    await cards.getByRole("button", { name: "Cancel" }).click();

    await choose(page, "cards.csv", [
      "serial,type,secret_hex,maker,model",
      `GX-0001,hotp,${hex(KEYS[0])},Feitian,C100`,
      `GX-0002,hotp,${hex(KEYS[1])},Feitian,C100`,
    ]);
    await cards.getByRole("button", { name: "Read it in" }).click();
    await expect(cards).toContainText("2 new cards read in.");
    const list = cards.getByRole("list", { name: "Token cards" });
    await expect(list.getByRole("listitem")).toHaveCount(2);
    await choose(page, "maker.xml", [container("GX-0003", KEYS[2])]);
    await cards.getByRole("radio", { name: "Passphrase" }).check();
    await expect(cards.getByRole("textbox", { name: "Passphrase" })).toBeVisible();
    await look(page, view, "cards-pskc");
    await cards.getByRole("radio", { name: "Nothing" }).check();
    await cards.getByRole("button", { name: "Read it in" }).click();
    await expect(cards).toContainText("1 new card read in.");
    await expect(list.getByRole("listitem")).toHaveCount(3);

    await list.getByRole("button", { name: "Hand out GX-0002" }).click();
    const handing = page.getByRole("dialog", { name: "Hand out card GX-0002" });
    await handing.getByRole("searchbox", { name: /^Person/ }).fill(nurse.person.name);
    await handing.getByRole("button", { name: new RegExp(`^${nurse.person.name}`) }).click();
    await look(page, view, "cards-hand-out");
    await handing.getByRole("button", { name: "Hand out" }).click();
    await expect(handing).toHaveCount(0);
    await cards.getByRole("button", { name: /^Handed out/ }).click();
    await expect(list.getByRole("listitem")).toHaveText([new RegExp(nurse.person.name)]);
    await cards.getByRole("button", { name: /^All/ }).click();
    await cards.getByRole("searchbox").scrollIntoViewIfNeeded();
    await look(page, view, "cards");

    // The nurse types its first code, then two in a row after the button was pressed too often.
    await nurse.page.goto(`${hospital.url}/#/security`);
    const codes = nurse.page.getByRole("region", { name: "One-time codes" });
    const card = codes.getByRole("listitem").filter({ hasText: "Token card GX-0002" });
    await expect(card).toContainText("Waiting for its first code");
    await card.getByRole("button", { name: "Type its first code" }).click();
    const asking = nurse.page.getByRole("dialog", { name: "Type its first code" });
    await asking.getByRole("textbox", { name: "Code" }).fill(hotp(KEYS[1], 0));
    await asking.getByRole("button", { name: "Confirm" }).click();
    await expect(card).toContainText("last used just now");
    await card.getByRole("button", { name: "Codes not accepted?" }).click();
    const resync = nurse.page.getByRole("dialog", { name: /^Set .* right$/ });
    await resync.getByRole("textbox", { name: "First code" }).fill(hotp(KEYS[1], 50));
    await resync.getByRole("textbox", { name: "The code right after" }).fill(hotp(KEYS[1], 52));
    await resync.getByRole("button", { name: "Set it right" }).click();
    await expect(resync.getByRole("alert")).toContainText("not two codes of it in a row");
    await look(nurse.page, view, "codes-resync");
    await resync.getByRole("textbox", { name: "First code" }).fill(hotp(KEYS[1], 50));
    await resync.getByRole("textbox", { name: "The code right after" }).fill(hotp(KEYS[1], 51));
    await resync.getByRole("button", { name: "Set it right" }).click();
    await expect(resync).toHaveCount(0);
    await nurse.page.setViewportSize(SMALL);
    await codes.scrollIntoViewIfNeeded();
    await look(nurse.page, view, "codes-small");
    expect(await tooWide(nurse.page)).toEqual([]);

    // An officer sees what the nurse has, and takes the card back.
    const person = page.getByRole("region", { name: "Codes of a person" });
    await person.getByRole("button", { name: "Choose the person" }).click();
    await person.getByRole("searchbox").fill(nurse.person.name);
    await person.getByRole("button", { name: new RegExp(`^${nurse.person.name}`) }).click();
    await expect(person.getByRole("listitem")).toContainText(["Token card GX-0002"]);
    await person.scrollIntoViewIfNeeded();
    await look(page, view, "cards-of-person");
    await list.getByRole("button", { name: "Take back GX-0002" }).click();
    await look(page, view, "cards-take-back");
    await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
    await expect(list.getByRole("button", { name: "Hand out GX-0002" })).toBeVisible();
    await expect(person.getByRole("listitem")).toHaveCount(0);
    await page.setViewportSize(SMALL);
    expect(await tooWide(page)).toEqual([]);
    await nurse.page.reload();
    await nurse.unlock();
    await expect(codes).toContainText("You have neither an app nor a card for codes yet.");
  });
}

/** Three cards' secrets, 160 bits each. */
const KEYS = [
  Buffer.from("31415926535897932384"),
  Buffer.from("27182818284590452353"),
  Buffer.from("14142135623730950488"),
] as const;

/** The next such request is refused as if the session looked unusual; all others go through. */
async function asksForCode(
  page: Page,
  method: string,
  url: string,
  ...before: readonly string[]
): Promise<void> {
  let refused = false;
  await page.context().route(url, async (route, request) => {
    if (refused || request.method() !== method) {
      await route.fallback();
      return;
    }
    refused = true;
    await route.fulfill({
      status: 401,
      contentType: "application/problem+json",
      body: JSON.stringify({
        type: "urn:wardline:problem:step-up-required",
        title: "A fresh proof is needed",
        status: 401,
        methods: [...before, "one_time_code"],
        advice: [
          "You rarely sign in from here.",
          "This looks unusual. Type the code of your card or app; an enrolling officer hands out a card to whoever has none.",
        ],
      }),
    });
  });
}

test("off duty on a network that is new, somebody is told why and types a code", async ({
  phone,
}) => {
  const founding = await Founding.open();
  const person = await phone(founding.officer);
  // On the premises, on the first day: nothing beyond the passkey.
  await person.enroll();
  const { page } = person;
  const unusual = page.getByRole("region", { name: "This session looks unusual" });
  await page.goto(`${founding.url}/#/security`);
  const codes = page.getByRole("region", { name: "One-time codes" });
  await codes.getByRole("button", { name: "Add an app" }).click();
  const adding = page.getByRole("dialog", { name: "Add an authenticator app" });
  await adding.getByRole("textbox", { name: "Name" }).fill("My phone");
  await adding.getByRole("button", { name: "Continue" }).click();
  const shown = adding.getByRole("status", { name: "Or type this secret into it:" });
  const secret = base32((await shown.textContent()) ?? "");
  await adding
    .getByRole("textbox", { name: "The code that the app shows now" })
    .fill(totp(secret, 0));
  await adding.getByRole("button", { name: "Confirm" }).click();
  await expect(adding).toHaveCount(0);
  await expect(unusual).toHaveCount(0);

  // At a friend's, on no shift.
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await person.context.route("**/v1/**", (route) =>
    route.continue({
      headers: { ...route.request().headers(), "x-forwarded-for": "203.0.113.9" },
    }),
  );
  await person.unlock();
  await expect(unusual).toBeVisible();
  await look(page, "phone", "unusual");
  await unusual.getByRole("button", { name: "Confirm it is you" }).click();
  const asking = page.getByRole("dialog", { name: "Type a one-time code" });
  await expect(asking).toContainText("You are off shift, and on a network on which you were not");
  await look(page, "phone", "unusual-code");
  await asking.getByRole("textbox", { name: "Code" }).fill(totp(secret, 1));
  await asking.getByRole("button", { name: "Confirm" }).click();
  await expect(asking).toHaveCount(0);
  await expect(unusual).toHaveCount(0);
  await founding.close();
});

test("an officer sees who has fewer codes than their role needs, until they have them", async ({
  phone,
}) => {
  const founding = await Founding.open(["[factors.minimum]", "security_officer = 1"]);
  const person = await phone(founding.officer);
  await person.enroll();
  const { page } = person;
  await page.goto(`${founding.url}/#/officer`);
  const missing = page.getByRole("region", { name: "Fewer codes than needed" });
  await expect(missing.getByRole("listitem")).toHaveCount(1);
  await expect(missing.getByRole("listitem")).toContainText(founding.officer.name);
  await expect(missing.getByRole("listitem")).toContainText("has 0 of 1");
  await missing.scrollIntoViewIfNeeded();
  await look(page, "phone", "codes-missing");
  expect(await tooWide(page)).toEqual([]);

  await page.goto(`${founding.url}/#/security`);
  const codes = page.getByRole("region", { name: "One-time codes" });
  await codes.getByRole("button", { name: "Add an app" }).click();
  const adding = page.getByRole("dialog", { name: "Add an authenticator app" });
  await adding.getByRole("textbox", { name: "Name" }).fill("My phone");
  await adding.getByRole("button", { name: "Continue" }).click();
  const shown = adding.getByRole("status", { name: "Or type this secret into it:" });
  const secret = base32((await shown.textContent()) ?? "");
  await adding
    .getByRole("textbox", { name: "The code that the app shows now" })
    .fill(totp(secret, 0));
  await adding.getByRole("button", { name: "Confirm" }).click();
  await expect(adding).toHaveCount(0);
  await page.goto(`${founding.url}/#/officer`);
  await expect(missing.getByRole("status")).toHaveText("Everybody has what their role needs.");
  await founding.close();
});

async function choose(page: Page, name: string, lines: readonly string[]): Promise<void> {
  const buffer = Buffer.from(`${lines.join("\n")}\n`);
  const file = page.getByRole("region", { name: "Token cards" }).locator("input[type=file]");
  await file.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

/** A list of one card as its maker writes it (RFC 6030), with nothing to open. */
function container(serial: string, key: Buffer): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>',
    `<DeviceInfo><Manufacturer>Feitian</Manufacturer><SerialNo>${serial}</SerialNo></DeviceInfo>`,
    '<Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><AlgorithmParameters>',
    '<ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters><Data>',
    `<Secret><PlainValue>${key.toString("base64")}</PlainValue></Secret>`,
    "<Counter><PlainValue>0</PlainValue></Counter>",
    "</Data></Key></KeyPackage></KeyContainer>",
  ].join("\n");
}

/** RFC 6238 with what apps use: SHA-1, thirty seconds, six digits; `ahead` steps from now. */
function totp(key: Buffer, ahead: number): string {
  return hotp(key, Math.floor(Date.now() / 30_000) + ahead);
}

/** RFC 4226 §5.3. */
function hotp(key: Buffer, counter: number): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", key).update(moving).digest();
  const offset = mac.readUInt8(mac.length - 1) & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, "0");
}

/** RFC 4648 §6. */
function base32(text: string): Buffer {
  const bits = [...text.replaceAll(" ", "")]
    .map((each) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(each).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function hex(key: Buffer): string {
  return key.toString("hex");
}
