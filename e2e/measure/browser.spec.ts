/** How long a person waits: until the app is open at a conversation of thousands of messages, on a slow
 * phone, and until what one person sends is on another one's screen. Nothing is judged here; the figures
 * go to bench/src/browser.rs, which also fills the conversation. */
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { PHONE } from "../support/browser.ts";
import type { Person } from "../support/hospital.ts";
import { Phone } from "../support/phone.ts";

/** What the measurement is given, and where both sides say how far they are. */
interface Task {
  dir: string;
  /** Whose phones are measured. */
  reader: Person;
  other: Person;
  /** Who has filled the conversation, and its last message. */
  sender: string;
  last: string;
  opened: number;
  sent: number;
  /** How many times slower the phone is. */
  slower: number;
}

interface Watched {
  seen?: Promise<number>;
}

const PATIENCE_MS = 900_000;

test("opening a long conversation, and sending to another phone", async ({ browser }) => {
  const task: Task = JSON.parse(process.env.WARDLINE_MEASURE ?? "null");
  expect(task, "it is run by `make bench`").not.toBeNull();
  const take = async (person: Person) => Phone.take(await browser.newContext(PHONE), person);

  const reader = await take(task.reader);
  await reader.enroll();
  await writeFile(join(task.dir, "enrolled"), "");
  await appears(join(task.dir, "filled"));
  await reader.page.reload();
  await reader.unlock();
  await reader.open(task.sender);
  await reader.sees(task.last);
  const opened = await opening(reader, task);

  const other = await take(task.other);
  await other.enroll();
  await reader.start([task.other]);
  await reader.write("The first");
  await other.open(task.reader.name);
  await other.sees("The first");
  const arrived: number[] = [];
  for (let n = 0; n < task.sent; n += 1) {
    arrived.push(await sending(reader, other, `Potassium ${n} of many`));
  }
  await writeFile(join(task.dir, "measured.json"), JSON.stringify({ opened, arrived }));
});

/** From the address to the last message on the screen, without the time that the fingerprint takes. */
async function opening({ context, page }: Phone, task: Task): Promise<number[]> {
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: task.slower });
  const unlock = page.getByRole("button", { name: "Unlock with fingerprint" });
  const last = page
    .getByRole("region", { name: "Messages", exact: true })
    .getByText(task.last, { exact: true });
  const times: number[] = [];
  for (let n = 0; n < task.opened; n += 1) {
    const start = performance.now();
    await page.reload({ waitUntil: "commit" });
    await unlock.waitFor();
    const asked = performance.now();
    await unlock.click();
    const touched = performance.now();
    await last.waitFor();
    times.push(asked - start + performance.now() - touched);
  }
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return times;
}

/** From the tap to the text in the other page, both by the clock of the machine that runs them. */
async function sending(from: Phone, to: Phone, text: string): Promise<number> {
  await to.page.evaluate((wanted) => {
    (globalThis as Watched).seen = new Promise((resolve) => {
      const look = () => {
        if (document.body.textContent?.includes(wanted)) {
          observer.disconnect();
          // In the frame that shows it.
          requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
        }
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  }, text);
  await from.page.getByRole("textbox", { name: "Message" }).fill(text);
  const tapped = await from.page
    .locator("button[type=submit][data-priority]")
    .evaluate((button: HTMLElement) => {
      const at = performance.timeOrigin + performance.now();
      button.click();
      return at;
    });
  const seen = await to.page.evaluate(() => (globalThis as Watched).seen ?? 0);
  return seen - tapped;
}

async function appears(file: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) {
      return;
    }
    await pause(200);
  }
  throw new Error(`${file} did not appear`);
}
