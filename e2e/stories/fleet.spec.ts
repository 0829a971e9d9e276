/** Devices that are looked after: by officers, and by the people whose they are. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { DESKTOP, PHONE } from "../support/browser.ts";
import { Founding } from "../support/founding.ts";
import type { Hospital } from "../support/hospital.ts";
import { look } from "../support/look.ts";
import type { Phone } from "../support/phone.ts";
import { expect, type Story, test } from "../support/story.ts";

const VIEWS = { phone: PHONE, desktop: DESKTOP } as const;

for (const [view, options] of Object.entries(VIEWS)) {
  test(`a security officer finds a device on a ${view}, reads it and exports the list`, async ({
    hospital,
    phone,
  }) => {
    const nurse = await phone(hospital.nurse());
    const doctor = await phone(hospital.doctor());
    await enrollTelling(nurse);
    await enrollTelling(doctor);
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      options,
    );
    await officer.enroll();
    const { page } = officer;

    await page.getByRole("link", { name: "Devices", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Devices", level: 1 })).toBeVisible();
    await expect(page.getByText(nurse.person.name).first()).toBeVisible();
    await look(page, view, "fleet");
    const invited = page.getByRole("group").filter({ hasText: "invited to enrol a device" });
    await invited.getByText(/are invited to enrol a device/).click();
    await expect(invited.getByText(nurse.person.name)).toHaveCount(0);
    await expect(invited.getByRole("listitem").first()).toContainText("until");
    await look(page, view, "fleet-invited");
    await invited.getByText(/are invited to enrol a device/).click();
    await page.getByRole("button", { name: /^In use \d/ }).click();
    await page.getByRole("searchbox", { name: /^Person, device/ }).fill(nurse.person.name);
    await expect(page.getByText(doctor.person.name)).toHaveCount(0);
    const device = page.getByRole("link", { name: /Android phone/ });
    await expect(device).toHaveCount(1);

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as CSV" }).click();
    const csv = await readFile(await (await download).path(), "utf8");
    expect(csv.trim().split("\r\n")).toHaveLength(2);
    expect(csv).toContain(nurse.person.name);
    expect(csv).toContain("Android 15");

    await page.getByRole("checkbox", { name: /^Choose Android phone/ }).check();
    await look(page, view, "fleet-chosen");
    await page.getByRole("button", { name: "Choose none" }).click();

    await device.click();
    await expect(page.getByRole("region", { name: "How it stands" })).toContainText("In use");
    const facts = page.getByRole("region", { name: "What is known of it" });
    await expect(facts).toContainText("Pixel 9");
    await expect(facts).toContainText("Said by the device");
    await look(page, view, "fleet-device");

    // Its owner sees that an officer looked.
    await nurse.page.goto(`${hospital.url}/#/security`);
    await nurse.page.getByRole("link", { name: "Android phone" }).click();
    await expect(nurse.page.getByRole("region", { name: "Who looked at this" })).toContainText(
      officer.person.name,
    );
    await look(nurse.page, view, "own-device");
  });

  test(`a security officer compares the programs on a ${view}`, async ({ hospital, phone }) => {
    const officer = await phone(
      hospital.person(({ role }) => role === "Security officer"),
      options,
    );
    await officer.enroll();
    const { page } = officer;
    await page.goto(`${hospital.url}/#/programs`);
    await expect(page.getByRole("link", { name: "Own phone" })).toBeVisible();
    await look(page, view, "programs");
    await readIn(page);
    await look(page, view, "programs-stock");
    await page.getByRole("link", { name: "Own phone" }).click();
    await expect(page.getByRole("region", { name: "Rules" })).toContainText("The system is");
    await look(page, view, "program");
    await expect(page.getByRole("region", { name: "For your device manager" })).toHaveCount(0);
    await page.getByRole("button", { name: "All programs" }).click();
    await page.getByRole("link", { name: "Issued phone" }).click();
    const taken = page.waitForEvent("download");
    await page.getByRole("button", { name: "Profile for iPhone and iPad" }).click();
    expect((await taken).suggestedFilename()).toBe("wardline-issued.mobileconfig");
    await page.getByRole("region", { name: "For your device manager" }).scrollIntoViewIfNeeded();
    await look(page, view, "program-issued");

    await page.getByRole("link", { name: "Planner" }).click();
    const cost = page.getByRole("region", { name: "Cost", exact: true });
    const own = cost.getByRole("img", { name: /^Own phone: likely/ });
    await expect(own).toBeVisible();
    const before = await own.getAttribute("aria-label");
    await look(page, view, "planner");
    await page.getByRole("button", { name: "Change “staff”" }).click();
    await look(page, view, "planner-assumption");
    for (const name of ["Low", "Likely", "High"]) {
      await page.getByRole("textbox", { name, exact: true }).fill("5000");
    }
    await page.getByRole("button", { name: "Use it" }).click();
    await expect(own).not.toHaveAttribute("aria-label", before ?? "");
  });
}

test("a nurse reports her phone lost in two taps, and it erases itself", async ({
  hospital,
  phone,
}) => {
  const person = hospital.nurse();
  const lost = await phone(person);
  await lost.enroll();
  const tablet = await phone(person, DESKTOP);
  await lost.addDevice(tablet);
  await lost.page.goto(`${hospital.url}/#/`);

  const { page } = tablet;
  await page.goto(`${hospital.url}/#/security`);
  await page.getByRole("button", { name: /^Report .* lost$/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await look(page, "desktop", "report-lost");
  await dialog.getByRole("button", { name: "Report it lost" }).click();
  const row = page
    .getByRole("region", { name: "My devices" })
    .getByRole("listitem")
    .filter({ hasNot: page.getByText("This device", { exact: true }) });
  await expect(row).toContainText(/Lost|Erased/);

  await lost.isErased();
  await expect(lost.page.getByText("The hospital knows that it is erased.")).toBeVisible();
  await look(lost.page, "phone", "wiped");
  await lost.page.getByRole("button", { name: "Set it up again" }).click();
  await expect(lost.page.getByRole("textbox", { name: "Invitation code" })).toBeVisible();

  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "Security" }).click();
  await expect(page.getByRole("region", { name: "My devices" })).toContainText("This device");
});

test("who carries a phone of the hospital adds one of their own", async ({ phone }) => {
  const founding = await Founding.open();
  const officer = await phone(founding.officer, DESKTOP);
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${founding.url}/#/officer`);
  await page.getByRole("button", { name: founding.officer.name }).click();
  await page.getByRole("radio", { name: "The hospital's" }).check();
  await page.getByRole("button", { name: "Make an invitation" }).click();
  const typed = await page.getByRole("status", { name: "Typed code" }).textContent();
  const issued = await phone(founding.officer);
  await issued.page.goto(founding.url);
  await issued.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
  await issued.page.getByRole("button", { name: "Continue" }).click();
  await issued.makePasskey();
  await page.getByRole("button", { name: "They are the same" }).click();
  await issued.unlock();
  await issued.page.goto(`${founding.url}/#/security`);
  const add = issued.page.getByRole("button", { name: "Add a phone of my own" });
  await add.scrollIntoViewIfNeeded();
  await look(issued.page, "phone", "add-own-phone");
  await add.click();
  const code = issued.page.getByRole("status", { name: "Typed code" });
  await code.scrollIntoViewIfNeeded();
  await look(issued.page, "phone", "add-own-phone-code");
  const own = await phone(founding.officer);
  await own.page.goto(founding.url);
  await own.page
    .getByRole("textbox", { name: "Invitation code" })
    .fill((await code.textContent()) ?? "");
  await own.page.getByRole("button", { name: "Continue" }).click();
  await expect(own.page.getByText("no location is asked for")).toBeVisible();
  await founding.close();
});

test("whoever brings their own phone reads first what the hospital sees of it", async ({
  phone,
}) => {
  const founding = await Founding.open();
  const officer = await phone(founding.officer, DESKTOP);
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${founding.url}/#/officer`);
  await page.getByRole("button", { name: founding.officer.name }).click();
  await page.getByRole("radio", { name: "Their own" }).check();
  await page.getByRole("button", { name: "Make an invitation" }).click();
  const typed = await page.getByRole("status", { name: "Typed code" }).textContent();
  const own = await phone(founding.officer);
  await own.page.goto(founding.url);
  await own.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
  await own.page.getByRole("button", { name: "Continue" }).click();
  await expect(own.page.getByText("no location is asked for")).toBeVisible();
  await expect(own.page.getByRole("button", { name: "Make the passkey" })).toHaveCount(0);
  await look(own.page, "phone", "enrol-notice");
  await own.page.setViewportSize(DESKTOP.viewport);
  await look(own.page, "desktop", "enrol-notice");
  await own.makePasskey();
  await expect(own.page.getByRole("heading", { name: "Compare this string" })).toBeVisible();
  await founding.close();
});

test("a rule that is tightened is tried first, shuts a phone out, and the phone says why", async ({
  hospital,
  phone,
}) => {
  test.slow();
  const nurse = await phone(hospital.nurse());
  await enrollTelling(nurse);
  const page = await changing(hospital, phone);
  const rule = await asksForAndroid16(page);
  await rule.getByRole("textbox", { name: "Grace" }).fill("0");
  await look(page, "desktop", "program-change");
  await page.getByRole("button", { name: "Try it" }).click();
  const result = page.getByRole("region", { name: "What would change" });
  await expect(result).toContainText("1 device would stand worse");
  await expect(result).toContainText(nurse.person.name);
  await expect(result).toContainText("Version 15 is installed; 16 is the oldest accepted.");
  await look(page, "desktop", "program-dry-run");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Rules" })).toContainText("at least Android 16");

  await shutOut(nurse);
  await expect(nurse.page.getByText("Version 15 is installed")).toBeVisible();
  await expect(nurse.page.getByText("install the update and restart")).toBeVisible();
  await look(nurse.page, "phone", "quarantined");
  await nurse.page.getByRole("button", { name: "Check again" }).click();
  await expect(nurse.page.getByText(/still shut out/)).toBeVisible();

  await switchOff(page, "os_floor");
  await nurse.page.getByRole("button", { name: "Check again" }).click();
  await expect(nurse.page.getByText("This device is in order again.")).toBeVisible();
  await nurse.unlock();
});

test("a phone in grace is told what to do until when", async ({ hospital, phone }) => {
  const nurse = await phone(hospital.nurse());
  await enrollTelling(nurse);
  const page = await changing(hospital, phone);
  await asksForAndroid16(page);
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Rules" })).toContainText("at least Android 16");

  await nurse.page.reload();
  await nurse.unlock();
  const line = nurse.page.getByRole("region", { name: "To be mended on this device" });
  await expect(line).toContainText("install the update");
  await look(nurse.page, "phone", "grace");
  await line.getByRole("link").click();
  await expect(nurse.page.getByRole("region", { name: "How it stands" })).toContainText(
    "In use until",
  );
});

test("a phone that nobody touches locks itself after its program's time", async ({
  hospital,
  phone,
}) => {
  const page = await changing(hospital, phone);
  await page.getByRole("textbox", { name: "The app locks after" }).fill("15");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The app locks after 15 seconds without use.")).toBeVisible();

  const nurse = await phone(hospital.nurse());
  await nurse.enroll();
  await expect(nurse.page.getByRole("button", { name: "Unlock with fingerprint" })).toBeVisible();
});

/** A security officer at a desk, about to change the demo's program. */
async function changing(hospital: Hospital, phone: Story["phone"]): Promise<Page> {
  const officer = await phone(
    hospital.person(({ role }) => role === "Security officer"),
    DESKTOP,
  );
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${hospital.url}/#/programs/demo`);
  await page.getByRole("button", { name: "Change" }).click();
  return page;
}

/** Adds the rule, on the phone's own word. */
async function asksForAndroid16(page: Page): Promise<Locator> {
  await page.getByRole("combobox", { name: "Add a rule" }).selectOption("os_floor");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const rule = page.getByRole("group", { name: "The system is recent enough" });
  await rule.getByRole("textbox", { name: "Oldest Android" }).fill("16");
  await rule.getByRole("checkbox", { name: "Said by the device", exact: true }).check();
  return rule;
}

/** Enrols, and waits until the phone has told the hospital what it is. */
/** To the demo's three two more phones of the hospital are registered, and a device manager's file tells of them. */
async function readIn(page: Page): Promise<void> {
  const choose = async (region: string, name: string, lines: readonly string[]) => {
    const buffer = Buffer.from(`${lines.join("\n")}\n`);
    const file = page.getByRole("region", { name: region }).locator("input[type=file]");
    await file.setInputFiles({ name, mimeType: "text/csv", buffer });
  };
  await choose("Registered devices", "phones.csv", [
    "serial,program,model,owner,note",
    "R58M123ABC,issued,Galaxy S24,,Ward 7",
    "R58M123ABD,shared,Galaxy S24,,",
  ]);
  const registered = page.getByRole("region", { name: "Registered devices" });
  await expect(registered).toContainText("5 devices wait to be handed out.");
  await registered.getByText("Which", { exact: true }).click();
  await expect(registered.getByRole("list")).toContainText("Galaxy S24 · Ward 7");
  await page.getByRole("textbox", { name: "Name of the device manager" }).fill("Jamf");
  await choose("Device managers", "inventory.csv", [
    "serial,platform,encrypted,last_sync",
    `R58M123ABC,android,yes,${new Date(Date.now() - 3_600_000).toISOString()}`,
  ]);
  const managers = page.getByRole("region", { name: "Device managers" });
  await expect(page.getByText("1 device was read, 0 of them enrolled here.")).toBeVisible();
  await expect(managers).toContainText(/They tell of \d+ devices?\. Not enrolled here: [1-9]/);
  await managers.scrollIntoViewIfNeeded();
}

async function enrollTelling(phone: Phone): Promise<void> {
  const told = phone.page.waitForResponse((response) =>
    response.url().endsWith("/v1/device/report"),
  );
  await phone.enroll();
  await told;
}

/** Looks at the phone anew: it asks to be unlocked, and the hospital refuses. */
async function shutOut(phone: Phone): Promise<void> {
  await phone.page.reload();
  await phone.page.getByRole("button", { name: "Unlock with fingerprint" }).click();
  await expect(
    phone.page.getByRole("heading", { name: "This device is shut out for now" }),
  ).toBeVisible();
}

async function switchOff(page: Page, rule: string): Promise<void> {
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("checkbox", { name: `Rule “${rule}” is on` }).uncheck();
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByText("No device would stand worse.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Rules" })).not.toContainText("at least Android");
}
