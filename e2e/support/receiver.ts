/** A push service (RFC 8030) on loopback, with the browser's side of a subscription. */
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CDPSession, Page } from "@playwright/test";

/** What a page is told that it subscribed with, base64url. */
export interface Subscription {
  endpoint: string;
  p256dh: string;
  auth: string;
}

export class Receiver {
  readonly host: string;
  readonly #server: Server;
  readonly #key = createECDH("prime256v1");
  readonly #auth = randomBytes(16);
  readonly #pushes: Buffer[] = [];
  readonly #waiting: ((push: Buffer) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#key.generateKeys();
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.writeHead(201).end();
        const push = Buffer.concat(parts);
        const next = this.#waiting.shift();
        next ? next(push) : this.#pushes.push(push);
      });
    });
  }

  static async open(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Receiver(server);
  }

  get subscription(): Subscription {
    return {
      endpoint: `http://${this.host}/ring`,
      p256dh: this.#key.getPublicKey("base64url"),
      auth: this.#auth.toString("base64url"),
    };
  }

  /** What the next push says, as the browser reads it (RFC 8291, RFC 8188). */
  async next(): Promise<string> {
    const push =
      this.#pushes.shift() ?? (await new Promise<Buffer>((resolve) => this.#waiting.push(resolve)));
    const [salt, sender, sealed] = [push.subarray(0, 16), push.subarray(21, 86), push.subarray(86)];
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), this.#key.getPublicKey(), sender]);
    const shared = this.#key.computeSecret(sender);
    const secret = Buffer.from(hkdfSync("sha256", shared, this.#auth, info, 32));
    const derive = (name: string, length: number) =>
      Buffer.from(hkdfSync("sha256", secret, salt, `Content-Encoding: ${name}\0`, length));
    const opening = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
    opening.setAuthTag(sealed.subarray(-16));
    const text = Buffer.concat([opening.update(sealed.subarray(0, -16)), opening.final()]);
    // The last record ends with a 2, and padding.
    return text.subarray(0, text.lastIndexOf(2)).toString();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Lets pages subscribe here: the browser under test knows no push service. */
export function pretend({ endpoint, p256dh, auth }: Subscription): void {
  const bytes = (text: string) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
      .buffer;
  let made: PushSubscription | null = null;
  PushManager.prototype.getSubscription = () => Promise.resolve(made);
  PushManager.prototype.subscribe = (options) => {
    const key = options?.applicationServerKey as Uint8Array<ArrayBuffer>;
    made = {
      endpoint,
      options: { userVisibleOnly: true, applicationServerKey: key.slice().buffer },
      getKey: (name: string) => bytes(name === "auth" ? auth : p256dh),
      unsubscribe: () => {
        made = null;
        return Promise.resolve(true);
      },
    } as unknown as PushSubscription;
    return Promise.resolve(made);
  };
}

/** What the browser does when a push comes to a page's service worker. */
export class Bell {
  readonly #session: CDPSession;
  readonly #page: Page;
  #registration: string | undefined;

  private constructor(session: CDPSession, page: Page) {
    this.#session = session;
    this.#page = page;
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      this.#registration = registrations.find(({ isDeleted }) => !isDeleted)?.registrationId;
    });
  }

  static async of(page: Page): Promise<Bell> {
    const bell = new Bell(await page.context().newCDPSession(page), page);
    await bell.#session.send("ServiceWorker.enable");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    return bell;
  }

  async deliver(data: string): Promise<void> {
    const { origin } = new URL(this.#page.url());
    const registrationId = this.#registration ?? "";
    await this.#session.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data });
  }

  /** What stands on the locked screen. */
  shown(): Promise<string[]> {
    return this.#page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const shown = await registration.getNotifications();
      return shown.map(({ title, body }) => `${title}: ${body}`);
    });
  }
}
