/** A person with a device: a browser context with its own storage and its own authenticator. */
import {
  type BrowserContext,
  type CDPSession,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import type { Person } from "./hospital.ts";

export class Phone {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly person: Person;
  /** What the page complained about; a story ends with none. */
  readonly complaints: string[] = [];
  /** What it asked the hospital, and how that went; kept for stories that fail. */
  readonly traffic: string[] = [];
  readonly #session: CDPSession;

  private constructor(context: BrowserContext, page: Page, person: Person, session: CDPSession) {
    this.context = context;
    this.page = page;
    this.person = person;
    this.#session = session;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("response", async (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith("/v1/")) {
        const status = response.status();
        const problem = status < 400 ? "" : await response.text().catch(() => "");
        this.note(`${response.request().method()} ${pathname} ${status} ${problem}`);
      }
    });
    page.on("requestfailed", (request) => this.note(`${request.url()} failed`));
    page.on("websocket", (socket) => {
      this.note("socket opened");
      socket.on("framereceived", ({ payload }) => this.note(`< ${String(payload).slice(0, 120)}`));
      socket.on("close", () => this.note("socket closed"));
    });
    page.on("console", (message) => {
      // A refused request is told by the browser too; the story says whether it was expected.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(message.text());
      }
    });
  }

  /** Takes a phone into the hand: its fingerprint reader agrees to everything. */
  static async take(context: BrowserContext, person: Person): Promise<Phone> {
    const page = context.pages()[0] ?? (await context.newPage());
    const session = await context.newCDPSession(page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        hasPrf: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Phone(context, page, person, session);
  }

  /** From the invitation's link to the list of conversations. */
  async enroll(): Promise<void> {
    await this.page.goto(this.person.enroll_url);
    await this.page.getByRole("button", { name: "Continue" }).click();
    await this.makePasskey();
    await this.unlock();
  }

  /** Where the program has a privacy notice, it is read first. */
  async makePasskey(): Promise<void> {
    const read = this.page.getByRole("button", { name: "I have read this" });
    const make = this.page.getByRole("button", { name: "Make the passkey" });
    await expect(read.or(make)).toBeVisible();
    if (await read.isVisible()) {
      await read.click();
    }
    await make.click();
  }

  async unlock(): Promise<void> {
    await this.page.getByRole("button", { name: "Unlock with fingerprint" }).click();
    await expect(this.page.getByRole("button", { name: "Skip to content" })).toBeAttached();
  }

  /** One more device of the same person, confirmed on this one. */
  async addDevice(other: Phone): Promise<void> {
    const { page } = this;
    const { origin } = new URL(page.url());
    await page.goto(`${origin}/#/security`);
    await page.getByRole("button", { name: "Add another device" }).click();
    const typed = await page.getByRole("status", { name: "Typed code" }).textContent();
    await other.page.goto(origin);
    await other.page.getByRole("textbox", { name: "Invitation code" }).fill(typed ?? "");
    await other.page.getByRole("button", { name: "Continue" }).click();
    await other.makePasskey();
    const string = other.page.getByRole("status", { name: "Confirmation string" });
    await expect(page.getByRole("status", { name: "Confirmation string" })).toHaveText(
      (await string.textContent()) ?? "?",
    );
    await page.getByRole("button", { name: "They are the same" }).click();
    await other.unlock();
  }

  /** Says on this device that this person's other one is lost: two taps; `look` sees what is asked
   * between them. */
  async reportLost(look?: (asked: Locator) => Promise<void>): Promise<void> {
    const { page } = this;
    await page.goto(`${new URL(page.url()).origin}/#/security`);
    await page.getByRole("button", { name: /^Report .* lost$/ }).click();
    const asked = page.getByRole("dialog", { name: /^Report .* lost/ });
    await expect(asked).toBeVisible();
    await look?.(asked);
    await asked.getByRole("button", { name: "Report it lost" }).click();
    await expect(asked).toHaveCount(0);
  }

  /** It hears that it is out of use: by itself, or when it is unlocked the next time. */
  async isErased(): Promise<void> {
    const erased = this.page.getByRole("heading", { name: "Wardline's data on this device is" });
    const unlock = this.page.getByRole("button", { name: "Unlock with fingerprint" });
    await expect(async () => {
      if (await unlock.isVisible()) {
        await unlock.click({ timeout: 2_000 });
      }
      await expect(erased).toBeVisible({ timeout: 5_000 });
    }).toPass();
  }

  /** A new conversation with these people, about a patient of this person's own, or about none. */
  async start(people: readonly Person[], about?: "a patient"): Promise<string> {
    const { page } = this;
    await page.goto(`${new URL(page.url()).origin}/#/new`);
    for (const { name } of people) {
      await page.getByRole("searchbox", { name: /Person/ }).fill(name);
      // The holder of a role on call is named there too; people's buttons begin with the name.
      await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    }
    const patient = about ? await this.choosePatient() : "";
    await page.getByRole("button", { name: "Start conversation" }).click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    return patient;
  }

  /** The same with whoever has a role on call. */
  async startWithRole(title: string, about?: "a patient"): Promise<string> {
    const { page } = this;
    await page.goto(`${new URL(page.url()).origin}/#/new`);
    await page.getByRole("searchbox", { name: /Person/ }).fill(title);
    await page.getByRole("button", { name: new RegExp(`^${title}`) }).click();
    const patient = about ? await this.choosePatient() : "";
    await page.getByRole("button", { name: "Write to the role" }).click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    return patient;
  }

  private async choosePatient(): Promise<string> {
    const { page } = this;
    await page.getByRole("button", { name: "Choose", exact: true }).click();
    const own = page.getByRole("dialog").getByRole("list", { name: "Your patients" });
    const first = own.getByRole("listitem").first().getByRole("button");
    const patient = (await first.locator("strong").textContent()) ?? "";
    await first.click();
    return patient;
  }

  /** Opens a conversation from the list, by a name in it. */
  async open(name: string | RegExp): Promise<void> {
    const { page } = this;
    await page.goto(`${new URL(page.url()).origin}/#/`);
    await page
      .getByRole("region", { name: "Conversations" })
      .getByRole("link", { name })
      .first()
      .click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  }

  async write(text: string, priority?: "Urgent" | "STAT"): Promise<void> {
    const { page } = this;
    if (priority) {
      await page.getByRole("button", { name: /^Urgency/ }).click();
      await page.getByRole("button", { name: new RegExp(`^${priority}`) }).click();
    }
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.locator("button[type=submit][data-priority]").click();
  }

  /** The message on the screen, exactly once. */
  async sees(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
    await expect(this.message(text)).toBeVisible();
  }

  message(text: string) {
    return this.page
      .getByRole("region", { name: "Messages", exact: true })
      .getByRole("listitem")
      .filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** Opens what can be done with a message. */
  async more(text: string): Promise<Locator> {
    // The message itself comes before those that quote it.
    await this.message(text)
      .first()
      .getByRole("button", { name: /^What to do with/ })
      .click();
    const sheet = this.page.getByRole("dialog", { name: "Message" });
    await expect(sheet).toBeVisible();
    return sheet;
  }

  /** Takes a message of this person's own back; `look` sees what is asked first. */
  async recall(text: string, look?: (asked: Locator) => Promise<void>): Promise<void> {
    await (await this.more(text)).getByRole("button", { name: "Recall" }).click();
    const asked = this.page.getByRole("dialog", { name: "Recall this message?" });
    await expect(asked).toBeVisible();
    await look?.(asked);
    await asked.getByRole("button", { name: "Recall" }).click();
  }

  /** How far a message of this person came: `Sent`, `Delivered`, `Read`, `Acknowledged`. */
  async state(text: string, state: string): Promise<void> {
    await expect(this.message(text).getByText(state, { exact: true }).first()).toBeAttached();
  }

  private note(line: string): void {
    this.traffic.push(`${new Date().toISOString()} ${line}`);
  }

  /** The renderer dies, with everything that was only in memory; then the app is opened again. */
  async crash(): Promise<void> {
    const address = new URL("/", this.page.url()).href;
    const crashed = this.page.waitForEvent("crash");
    this.#session.send("Page.crash").catch(() => undefined);
    await crashed;
    await this.#session.send("Page.navigate", { url: address });
  }

  /** The same phone, seen by another connection to its browser. */
  seenBy(context: BrowserContext): Phone {
    const page = context.pages()[0];
    if (!page) {
      throw new Error("the browser has no page");
    }
    return new Phone(context, page, this.person, this.#session);
  }
}
