/** Messages as the screen has them: days, runs of one person, and where the new ones begin. */
import type { MessageView } from "../core/methods";
import { sameDay } from "../texts/time";

/** One person's messages within this time stand together. */
const RUN_MS = 5 * 60_000;

export type Line =
  | { kind: "fresh" }
  | { kind: "notice"; message: MessageView }
  | { kind: "message"; message: MessageView; first: boolean; last: boolean };

export interface Day {
  /** The first message's time. */
  at: number;
  lines: Line[];
}

/** `fresh` is the id of the first message that was unread when the conversation was opened. */
export function arrange(messages: readonly MessageView[], fresh: string | null): Day[] {
  const days: Day[] = [];
  messages.forEach((message, index) => {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    let day = days[days.length - 1];
    if (!day || !previous || !sameDay(previous.sent_at, message.sent_at)) {
      day = { at: message.sent_at, lines: [] };
      days.push(day);
    }
    if (message.id === fresh) {
      day.lines.push({ kind: "fresh" });
    }
    if (message.notice) {
      day.lines.push({ kind: "notice", message });
      return;
    }
    const first = !previous || message.id === fresh || !together(previous, message);
    const last = !next || next.id === fresh || !together(message, next);
    day.lines.push({ kind: "message", message, first, last });
  });
  return days;
}

/** The first of the `unread` newest messages of others; null if all are read. */
export function firstFresh(messages: readonly MessageView[], unread: number): string | null {
  const others = messages.filter((message) => !message.mine && !message.notice && !gone(message));
  return unread > 0 ? (others[Math.max(0, others.length - unread)]?.id ?? null) : null;
}

/** Something urgent of somebody else that this person has not answered since, and that others have not
 * `settled`. */
export function pressing(
  messages: readonly MessageView[],
  settled: (message: MessageView) => boolean,
): MessageView | null {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message?.mine) {
      return null;
    }
    const counts = message && !message.notice && !gone(message) && message.priority !== "routine";
    if (counts && !settled(message)) {
      return message;
    }
  }
  return null;
}

/** The place up to which others have written or edited, for the receipt; null if nothing came. */
export function lastFromOthers(messages: readonly MessageView[]): number | null {
  let last: number | null = null;
  for (const { mine, newest_seq } of messages) {
    if (!mine && newest_seq !== null && newest_seq > (last ?? 0)) {
      last = newest_seq;
    }
  }
  return last;
}

/** Older ones that are loaded beside the one that is looked for. */
const AROUND = 20;

/** How many of the newest messages reach back to a place: no place has more than one. */
export function reaching(messages: readonly MessageView[], place: number, limit: number): number {
  const places = messages.flatMap(({ seq }) => (seq === null ? [] : [seq]));
  const oldest = places[0];
  const newest = places.at(-1);
  if (oldest === undefined || newest === undefined || oldest <= place) {
    return limit;
  }
  const waiting = messages.length - places.length;
  return Math.max(limit, newest - place + 1 + waiting + AROUND);
}

function gone({ recalled, expired }: MessageView): boolean {
  return recalled || expired;
}

function together(a: MessageView, b: MessageView): boolean {
  return (
    !a.notice &&
    !b.notice &&
    a.mine === b.mine &&
    a.from?.id === b.from?.id &&
    b.sent_at - a.sent_at < RUN_MS &&
    sameDay(a.sent_at, b.sent_at)
  );
}
