import { describe, expect, it } from "vitest";
import { decode } from "./b64";
import { askToRing, mending, ringable, subscribe, subscribed, type Windowed } from "./push";

const KEY = "BAAB";
const OTHER = "BAAC";

/** A browser with a subscription under this key, or none. */
function browser(
  permission: NotificationPermission,
  made: string | null = null,
  works = true,
): Windowed & { log: string[] } {
  const log: string[] = [];
  const subscription = (key: Uint8Array<ArrayBuffer>) =>
    ({
      endpoint: "https://push.example/1",
      options: { applicationServerKey: key.buffer, userVisibleOnly: true },
      getKey: (name: string) => decode(name === "auth" ? "AAAA" : "BBBB").buffer,
      unsubscribe: () => {
        log.push("unsubscribe");
        return Promise.resolve(true);
      },
    }) as unknown as PushSubscription;
  const pushManager = {
    getSubscription: () => Promise.resolve(made ? subscription(decode(made)) : null),
    subscribe: ({ applicationServerKey }: { applicationServerKey: Uint8Array<ArrayBuffer> }) => {
      log.push("subscribe");
      return works
        ? Promise.resolve(subscription(applicationServerKey))
        : Promise.reject(new DOMException("no push service", "AbortError"));
    },
  };
  const registration = { pushManager } as unknown as ServiceWorkerRegistration;
  return {
    log,
    navigator: {
      serviceWorker: { getRegistration: () => Promise.resolve(registration) },
      userAgent: "",
      maxTouchPoints: 0,
    },
    Notification: { permission, requestPermission: () => Promise.resolve(permission) },
    PushManager: {},
  };
}

const HANDED = { endpoint: "https://push.example/1", p256dh: "BBBB", auth: "AAAA" };

describe("whether this browser rings", () => {
  it("is up to the browser, and on an iPhone to the home screen", () => {
    expect(ringable(browser("default"))).toBe("yes");
    const without = (userAgent: string, maxTouchPoints = 0): Windowed => ({
      navigator: { userAgent, maxTouchPoints },
    });
    expect(ringable(without("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"))).toBe(
      "install",
    );
    expect(ringable(without("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 5))).toBe("install");
    expect(ringable(without("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"))).toBe("impossible");
  });

  it("is for the person to say", async () => {
    expect(await askToRing(KEY, browser("denied"))).toEqual({ refused: "denied" });
    expect(await askToRing(KEY, browser("default"))).toEqual({ refused: "dismissed" });
    expect(await askToRing(KEY, browser("granted"))).toEqual({ subscription: HANDED });
    const none = browser("granted", null, false);
    expect(await askToRing(KEY, none)).toEqual({ refused: "impossible" });
  });

  it("depends on the hospital's key: one under another key is ended first", async () => {
    const same = browser("granted", KEY);
    expect(await subscribe(KEY, same)).toEqual(HANDED);
    expect(same.log).toEqual(["subscribe"]);
    const other = browser("granted", OTHER);
    expect(await subscribed(KEY, other)).toEqual({ subscription: HANDED, current: false });
    await subscribe(KEY, other);
    expect(other.log).toEqual(["unsubscribe", "subscribe"]);
    expect(await subscribed(KEY, browser("granted"))).toBeNull();
  });

  it("is mended when the app starts, as far as nobody has to be asked", () => {
    const current = { current: true };
    const stale = { current: false };
    expect(mending("off", null, "default")).toBe("nothing");
    expect(mending("off", null, "granted")).toBe("nothing");
    expect(mending("off", current, "granted")).toBe("hand_in");
    expect(mending("rings", current, "granted")).toBe("hand_in");
    expect(mending("rings", stale, "granted")).toBe("renew");
    expect(mending("gone", current, "granted")).toBe("renew");
    expect(mending("unheard", null, "granted")).toBe("renew");
    expect(mending("rings", current, "denied")).toBe("stop");
    expect(mending("off", null, "denied")).toBe("nothing");
  });
});
