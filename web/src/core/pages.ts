/** Everyone's devices as the hospital gives them: page by page. */
import type { DeviceInfo, DeviceList } from "./wire";

/** The most devices that the hospital gives at once. */
const MOST_AT_ONCE = 500;

/** Where the page is that begins behind a place, or the first one. */
export function fleetPath(after: string | null): string {
  const first = `/v1/devices?scope=all&limit=${MOST_AT_ONCE}`;
  return after === null ? first : `${first}&after=${encodeURIComponent(after)}`;
}

/** Where the page behind this one begins; nowhere behind the last. */
export function behind({ next }: DeviceList): string | null {
  return next ?? null;
}

/** What has come so far. */
export function joined({ pages }: { pages: readonly DeviceList[] }): DeviceInfo[] {
  return pages.flatMap(({ devices }) => devices);
}
