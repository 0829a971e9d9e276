/**
 * The service worker: the app starts without a network, from the files of one build, and rings while it
 * is not open.
 *
 * It answers for its own files only. Requests to the hospital's interface pass by untouched, so
 * that nothing of them is ever stored.
 */

import { wake } from "./wake";

declare const self: ServiceWorkerGlobalScope;

/** Path and SHA-256 of each file of this build; the build puts the list in the name's place. */
declare const WARDLINE_MANIFEST: readonly (readonly [path: string, hash: string])[];
const MANIFEST = WARDLINE_MANIFEST;

const PREFIX = "wardline-";
const INDEX = "/index.html";
const FILES = new Map(MANIFEST);

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

// A new build waits until no page of the old one is open, or until the page is at a point where
// loading again loses nothing.
self.addEventListener("message", (event) => {
  if (event.data === "activate") {
    void self.skipWaiting();
  }
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) {
    return;
  }
  const path = request.mode === "navigate" && url.pathname === "/" ? INDEX : url.pathname;
  if (FILES.has(path)) {
    event.respondWith(answer(path, request));
    if (path === INDEX) {
      event.waitUntil(renewIndex());
    }
  }
});

self.addEventListener("push", (event) => {
  const bell = {
    show: (title: string, options: NotificationOptions) =>
      self.registration.showNotification(title, options),
    fetch: (path: string, init: RequestInit) => fetch(path, init),
  };
  event.waitUntil(wake(event.data?.text(), bell));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

// The hospital can be told by the app alone, whose device key this worker cannot use.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renewSubscription(event.oldSubscription));
});

/** Brings the app forward, or starts it. */
async function open(): Promise<void> {
  const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  await (window ? window.focus() : self.clients.openWindow("/"));
}

/** Subscribes anew with the same key, and has an open app hand it in; another does when it opens. */
async function renewSubscription(old: PushSubscription | null): Promise<void> {
  const applicationServerKey = old?.options.applicationServerKey;
  if (applicationServerKey) {
    const { pushManager } = self.registration;
    await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  }
  for (const client of await self.clients.matchAll({ type: "window" })) {
    client.postMessage("subscription");
  }
}

/** Fetches every file of the build; a file that is not what the build made fails the whole. */
async function install(): Promise<void> {
  const cache = await caches.open(await cacheName());
  await Promise.all(
    MANIFEST.map(async ([path, hash]) => {
      if (!(await cache.match(path))) {
        await put(cache, path, hash, "no-cache");
      }
    }),
  );
}

/** A hospital changes what its pages may connect to without a new build. That stands in the headers of
 * the page, so the app has those of now when it is opened the next time. */
async function renewIndex(): Promise<void> {
  const cache = await caches.open(await cacheName());
  // Without a network, or when there is a new build, the page stays as it is.
  await put(cache, INDEX, FILES.get(INDEX), "reload").catch(() => undefined);
}

async function put(
  cache: Cache,
  path: string,
  hash: string | undefined,
  from: RequestCache,
): Promise<void> {
  const response = await fetch(path, { cache: from, credentials: "omit" });
  const bytes = await response.clone().arrayBuffer();
  if (!response.ok || (await digest(bytes)) !== hash) {
    throw new Error(`${path} is not of this build`);
  }
  await cache.put(path, response);
}

/** Files of older builds are dropped. */
async function activate(): Promise<void> {
  const current = await cacheName();
  const old = (await caches.keys()).filter((each) => each.startsWith(PREFIX) && each !== current);
  await Promise.all(old.map((each) => caches.delete(each)));
  await self.clients.claim();
}

async function answer(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(await cacheName());
  return (await cache.match(path)) ?? (await fetch(request));
}

async function cacheName(): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(MANIFEST));
  return `${PREFIX}${await digest(bytes)}`;
}

async function digest(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...hash))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
