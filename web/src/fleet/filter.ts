/** Which of the hospital's devices are listed. */
import type { DeviceInfo, DeviceState } from "../core/wire";

export interface Filter {
  state: DeviceState | null;
  program: string | null;
  text: string;
}

/** In the order in which they ask for someone's attention. */
export const STATES: readonly DeviceState[] = [
  "quarantined",
  "grace",
  "pending",
  "active",
  "lost",
  "wiped",
  "retired",
];

/** How many are drawn at first, and how many more when asked: a list that nobody reads is not drawn. */
export const DRAWN = 100;

/** Of those that are listed, the first ones, how many would come next, and how many are left. */
export function drawn(devices: readonly DeviceInfo[], most: number) {
  const page = devices.slice(0, most);
  const left = devices.length - page.length;
  return { page, next: Math.min(DRAWN, left), left };
}

/** Devices that fit program and text, the state aside: what the counts are of. */
export function fitting(devices: readonly DeviceInfo[], filter: Filter): DeviceInfo[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return devices.filter(
    (device) =>
      (filter.program === null || device.program === filter.program) &&
      (words.length === 0 || hasAll(device, words)),
  );
}

/** How many are in each state. */
export function counts(devices: readonly DeviceInfo[]): Map<DeviceState, number> {
  const found = new Map<DeviceState, number>();
  for (const { state } of devices) {
    found.set(state, (found.get(state) ?? 0) + 1);
  }
  return found;
}

/** Those that ask for attention first; among equals the one seen last. */
export function ordered(devices: readonly DeviceInfo[]): DeviceInfo[] {
  return [...devices].sort(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      (a.deadline ?? Number.POSITIVE_INFINITY) - (b.deadline ?? Number.POSITIVE_INFINITY) ||
      (b.last_seen_at ?? 0) - (a.last_seen_at ?? 0),
  );
}

function hasAll(device: DeviceInfo, words: readonly string[]): boolean {
  const { user, name, model, system, serial } = device;
  const text = [user.name, user.username, user.department, name, model, system, serial]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
