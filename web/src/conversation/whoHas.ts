/** How far a message came with each of those whom it was for, in words. */
import type { Reached } from "../core/methods";
import type { Priority } from "../core/wire";
import { t } from "../texts";
import { clock, moment, sameDay } from "../texts/time";

/** How many have read it, or have said so. */
export function readers(reached: readonly Reached[]): number {
  return reached.filter(({ state }) => state === "read" || state === "acknowledged").length;
}

/** Delivered, read and acknowledged, each with its time where that is known. A receipt tells by when;
 * whoever acknowledges a STAT message does so at that moment. */
export function told(of: Reached, priority: Priority, now: number): string[] {
  const { state, delivered_at, read_at, acknowledged_at } = of;
  if (state === "sent") {
    return [t.conversation.whoHas.notYet];
  }
  const words = t.conversation.states;
  const lines = [by(words.delivered, delivered_at, now)];
  // Of an acknowledgement it does not follow that it was read as well.
  if (state === "read" || read_at !== null) {
    lines.push(by(words.read, read_at, now));
  }
  if (state === "acknowledged") {
    lines.push(
      priority === "stat" && acknowledged_at !== null
        ? t.conversation.whoHas.at(words.acknowledged, time(acknowledged_at, now))
        : by(words.acknowledged, acknowledged_at, now),
    );
  }
  return lines;
}

function by(state: string, at: number | null, now: number): string {
  return at === null ? state : t.conversation.whoHas.by(state, time(at, now));
}

function time(at: number, now: number): string {
  return sameDay(at, now) ? clock(at) : moment(at, now);
}
