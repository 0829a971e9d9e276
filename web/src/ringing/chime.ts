/** When an open app sounds for a message, without a screen: as the hospital's rules for wake-ups have it. */
import type { Priority, Quietly } from "../core/wire";

/** When it sounds: what waits for the same time sounds once. */
export function soundsAt(priority: Priority, quietly: Quietly, now: number): number | null {
  const waits = priority === "stat" ? null : quietly[priority];
  if (!waits) {
    return now;
  }
  // Until the roster says when they are back, nothing sounds; the message is there all the same.
  return waits.until ? Math.max(now, waits.until) : null;
}

/** The next sound, where one waits already. */
export function sooner(waiting: number | null, at: number | null): number | null {
  if (waiting === null || at === null) {
    return waiting ?? at;
  }
  return Math.min(waiting, at);
}
