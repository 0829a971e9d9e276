/** The officers' page for pagers and bots, and a bot among people. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Founding } from "../support/founding.ts";
import { look } from "../support/look.ts";
import { run, Service } from "../support/process.ts";
import { expect, test } from "../support/story.ts";

interface Call {
  type: string;
  number: string;
  text: string;
}

test("an officer sets a number, calls their own pager, and sees when it does not work", async ({
  phone,
}) => {
  const folder = await mkdtemp(join(tmpdir(), "wardline-pager-"));
  const secret = join(folder, "secret");
  await writeFile(secret, "a secret that both sides have");
  const calls: Call[] = [];
  let status = 202;
  const pagers = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    calls.push(JSON.parse(Buffer.concat(chunks).toString()) as Call);
    response.writeHead(status).end();
  });
  pagers.listen(0, "127.0.0.1");
  await once(pagers, "listening");
  const { port } = pagers.address() as AddressInfo;
  const founding = await Founding.open([
    "[pager]",
    `url = "http://127.0.0.1:${port}/calls"`,
    `secret_file = "${secret}"`,
  ]);
  const officer = await phone(founding.officer);
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${founding.url}/#/officer`);
  const part = page.getByRole("region", { name: "Pagers and telephones" });
  await expect(part).toContainText("0 people have a number.");
  await part.getByRole("button", { name: "Set a number" }).click();
  await part.getByRole("button", { name: founding.officer.name }).click();
  await part.getByRole("textbox", { name: `Number of ${founding.officer.name}` }).fill("5551");
  await part.getByRole("button", { name: "Save" }).click();
  await expect(part).toContainText("1 person has a number.");
  await part.getByRole("button", { name: "Call my own pager" }).click();
  await expect(part.getByRole("status")).toContainText("Last call taken", { timeout: 20_000 });
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({ type: "test", number: "5551" });
  expect(calls[0]?.text).toBe("Wardline: this is a test of your pager. Nothing waits.");
  await part.scrollIntoViewIfNeeded();
  await look(page, "phone", "pager");

  status = 422;
  await expect(async () => {
    await part.getByRole("button", { name: "Call my own pager" }).click();
    await expect(part.getByRole("alert")).toContainText("1 given up", { timeout: 8_000 });
  }).toPass();
  await look(page, "phone", "pager-failed");
  await founding.close();
  pagers.close();
  await rm(folder, { recursive: true, force: true });
});

test("a bot is registered, confirmed, seen as a bot by everyone, and disabled", async ({
  phone,
}) => {
  const founding = await Founding.open();
  const officer = await phone(founding.officer);
  await officer.enroll();
  const { page } = officer;
  await page.goto(`${founding.url}/#/officer`);
  const part = page.getByRole("region", { name: "Bots" });
  await part.getByRole("button", { name: "Register a bot" }).click();
  await part.getByRole("textbox", { name: "Name that people see" }).fill("Laboratory");
  await part.getByRole("textbox", { name: "Sign-in name" }).fill("lab-bot");
  await part.getByRole("button", { name: founding.officer.name }).click();
  await part.getByRole("checkbox", { name: "It writes wherever people let it in" }).check();
  await look(page, "phone", "bot-register");
  await part.getByRole("button", { name: "Register a bot" }).click();
  const typed = await part.getByRole("status", { name: "Typed code" }).textContent();
  await look(page, "phone", "bot-invited");

  const home = await mkdtemp(join(tmpdir(), "wardline-bot-"));
  const client = ["client", "--home", join(home, "bot")];
  const enrolling = new Service([
    ...client,
    "enroll",
    "--accept-notice",
    "--server",
    founding.url,
    "--code",
    typed ?? "",
  ]);
  const waiting = page.getByRole("region", { name: "Waiting for confirmation" });
  await expect(waiting).toContainText("A program, not a person.", { timeout: 30_000 });
  await waiting.scrollIntoViewIfNeeded();
  await look(page, "phone", "bot-confirm");
  const ended = once(enrolling.process, "exit");
  await waiting.getByRole("button", { name: "They are the same" }).click();
  await ended;
  expect(enrolling.process.exitCode, enrolling.log).toBe(0);

  await run(...client, "send", "--to", founding.officer.user, "K 6.8, bed 4");
  await page.goto(`${founding.url}/#/`);
  await page.getByRole("link", { name: /Laboratory/ }).click();
  const messages = page.getByRole("region", { name: "Messages", exact: true });
  await expect(messages.getByText("K 6.8, bed 4")).toBeVisible();
  await expect(page.getByText("Bot", { exact: true }).first()).toBeVisible();
  await look(page, "phone", "bot-message");

  await page.goto(`${founding.url}/#/officer`);
  const listed = part.getByRole("list", { name: "Registered bots" });
  await expect(listed).toContainText("Routine only, writes only, at most 30 a minute");
  await part.getByRole("button", { name: "Change what Laboratory may do" }).click();
  const form = part.getByRole("form", { name: "Change what Laboratory may do" });
  await form.getByRole("radio", { name: "Up to urgent" }).check();
  await form.getByRole("checkbox", { name: "It reads what others write" }).check();
  await expect(form).toContainText("It reads what people write from then on");
  await look(page, "phone", "bot-change");
  await form.getByRole("button", { name: "Save what it may do" }).click();
  await expect(listed).toContainText("Up to urgent, reads, at most 30 a minute");
  await expect(form).toHaveCount(0);

  await part.getByRole("button", { name: "Disable Laboratory" }).click();
  await page.getByRole("button", { name: "Disable", exact: true }).last().click();
  await expect(part).toContainText("Disabled");
  await look(page, "phone", "bot-disabled");
  await expect(run(...client, "whoami")).rejects.toThrow();
  await founding.close();
  await rm(home, { recursive: true, force: true });
});
