/**
 * What a wake-up does: it is shown, always in the same words, and its receipt is posted.
 *
 * It carries a random id and nothing else, so nothing of a message can stand on a locked screen. Each
 * is shown, the app being open or not: browsers end the subscriptions of those who are silent.
 */

/** So long is a text that is an id: 32 bytes, base64url. */
const ID = /^[A-Za-z0-9_-]{43}$/;
const RECEIPTS = "/v1/push/receipts";

/** Not in the lists of the DOM's types yet (Notifications API, §2.7). */
type Shown = NotificationOptions & { renotify: boolean };

export const TITLE = "Wardline";
export const OPTIONS: Shown = {
  body: "Something waits for you",
  icon: "/icons/wardline-192.png",
  // One at a time, which rings anew.
  tag: "wardline",
  renotify: true,
};

/** What is needed of a service worker. */
export interface Bell {
  show(title: string, options: NotificationOptions): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<{ status: number }>;
}

/**
 * Shows a wake-up, then says that it arrived. It is not told where it was not shown: the receipt is for
 * people who rely on that the phone rings. One that cannot be posted is lost, and nothing else with it.
 */
export async function wake(text: string | undefined, bell: Bell): Promise<void> {
  await bell.show(TITLE, OPTIONS);
  const id = text?.trim();
  if (!id || !ID.test(id)) {
    return;
  }
  try {
    await bell.fetch(RECEIPTS, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id }),
      credentials: "omit",
      cache: "no-store",
      keepalive: true,
    });
  } catch {
    // Out of reach at this moment.
  }
}
