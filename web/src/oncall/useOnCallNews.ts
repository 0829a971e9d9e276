/** Tells a person when a turn of theirs begins or ends, and when somebody asks them to swap. */
import { useEffect, useRef } from "react";
import type { Schedules } from "../core/wire";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { heldBy, holder, toAnswer } from "./words";

export function useOnCallNews(schedules: Schedules | undefined, me: string | undefined): void {
  // What was there when the app opened is on the page, and no news.
  const known = useRef<{ held: Map<string, string>; asked: Set<string> } | null>(null);
  useEffect(() => {
    if (!schedules || !me) {
      return;
    }
    const now = Date.now();
    const held = new Map(
      [...heldBy(schedules.roles, me, now)].map(([slug, { title }]) => [slug, title]),
    );
    const waiting = toAnswer(schedules.swaps, me);
    const before = known.current;
    known.current = { held, asked: new Set(waiting.map(({ id }) => id)) };
    if (!before) {
      return;
    }
    for (const [slug, title] of held) {
      if (!before.held.has(slug)) {
        tell("done", t.onCall.nowYours(title));
      }
    }
    for (const [slug, title] of before.held) {
      if (!held.has(slug)) {
        const role = schedules.roles.find((each) => each.slug === slug);
        const successor = role ? holder(role.turns, now) : null;
        tell(
          "done",
          successor ? t.onCall.notYours(title, successor.user.name) : t.onCall.overYours(title),
        );
      }
    }
    for (const { id, asked_by, title } of waiting) {
      if (!before.asked.has(id)) {
        tell("done", t.onCall.newRequest(asked_by.name, title));
      }
    }
  }, [schedules, me]);
}
