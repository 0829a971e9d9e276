/**
 * Whether this browser rings while the app is closed (Push API): what it allows, what it is subscribed
 * with, and what has to follow where that and the hospital's word differ.
 */
import { decode, encode } from "./b64";
import type { PushInfo, PushSubscribe } from "./wire";

/** What can be subscribed with: `install` where the app has to be put on the home screen first. */
export type Ringable = "yes" | "install" | "impossible";

/** What the browser says to a subscription. */
export type Asked =
  | { subscription: PushSubscribe }
  | { refused: "denied" | "dismissed" | "install" | "impossible" };

/** What is needed of a window. */
export interface Windowed {
  navigator: {
    serviceWorker?: Pick<ServiceWorkerContainer, "getRegistration">;
    userAgent: string;
    maxTouchPoints: number;
  };
  Notification?: Pick<typeof Notification, "permission" | "requestPermission">;
  PushManager?: unknown;
}

/** What the app has to do about its subscription when it starts. */
export type Mending = "nothing" | "hand_in" | "renew" | "stop";

export function ringable(on: Windowed = window): Ringable {
  const { serviceWorker, userAgent, maxTouchPoints } = on.navigator;
  if (serviceWorker && on.PushManager && on.Notification) {
    return "yes";
  }
  // iPads call themselves Macs; no Mac has a touch screen.
  const isApple = /iPhone|iPad/.test(userAgent);
  return isApple || (userAgent.includes("Macintosh") && maxTouchPoints > 1)
    ? "install"
    : "impossible";
}

/** Asks the browser, which asks the person; it must be called from a tap. */
export async function askToRing(key: string, on: Windowed = window): Promise<Asked> {
  const can = ringable(on);
  if (can !== "yes") {
    return { refused: can };
  }
  const permission = await on.Notification?.requestPermission();
  if (permission !== "granted") {
    return { refused: permission === "denied" ? "denied" : "dismissed" };
  }
  const subscription = await subscribe(key, on);
  return subscription ? { subscription } : { refused: "impossible" };
}

/** Subscribes where the person has agreed before; null where the browser cannot. */
export async function subscribe(key: string, on: Windowed = window): Promise<PushSubscribe | null> {
  const registration = await on.navigator.serviceWorker?.getRegistration();
  const manager = registration?.pushManager;
  if (!manager) {
    return null;
  }
  const before = await manager.getSubscription();
  if (before && !isOf(before, key)) {
    await before.unsubscribe();
  }
  try {
    const applicationServerKey = decode(key);
    return handed(await manager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  } catch {
    // A browser without a push service behind it.
    return null;
  }
}

/** What the browser is subscribed with, if it is, and whether with this key. */
export async function subscribed(
  key: string,
  on: Windowed = window,
): Promise<{ subscription: PushSubscribe; current: boolean } | null> {
  const registration = await on.navigator.serviceWorker?.getRegistration();
  const found = await registration?.pushManager?.getSubscription();
  const subscription = found ? handed(found) : null;
  return found && subscription ? { subscription, current: isOf(found, key) } : null;
}

/** Ends the browser's subscription, if there is one. */
export async function unsubscribe(on: Windowed = window): Promise<void> {
  const registration = await on.navigator.serviceWorker?.getRegistration();
  const found = await registration?.pushManager?.getSubscription();
  await found?.unsubscribe();
}

/**
 * What follows from what both sides have. A browser's subscription is handed in at each start, for its
 * address may have changed while nobody looked; one that the push service forgot is made anew.
 */
export function mending(
  state: PushInfo["state"],
  local: { current: boolean } | null,
  permission: NotificationPermission,
): Mending {
  if (permission !== "granted") {
    return state === "off" ? "nothing" : "stop";
  }
  if (local) {
    return local.current && state !== "gone" ? "hand_in" : "renew";
  }
  return state === "off" ? "nothing" : "renew";
}

function isOf(subscription: PushSubscription, key: string): boolean {
  const { applicationServerKey } = subscription.options;
  return applicationServerKey !== null && encode(applicationServerKey) === key;
}

function handed(subscription: PushSubscription): PushSubscribe | null {
  const p256dh = subscription.getKey("p256dh");
  const auth = subscription.getKey("auth");
  return p256dh && auth
    ? { endpoint: subscription.endpoint, p256dh: encode(p256dh), auth: encode(auth) }
    : null;
}
