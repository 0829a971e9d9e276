/** Tells the hospital what was on the screen: only what really was, while somebody could look. */
import { type RefObject, useEffect, useRef } from "react";
import { call } from "../core/core";
import type { MessageView } from "../core/methods";
import { useVisible } from "../shell/useVisible";
import { lastFromOthers } from "./arrange";

/** How much of a STAT message must be in sight, of itself or of the screen. */
const ENOUGH = 0.6;
/** So that one that is longer than the screen is looked at often enough. */
const STEPS = Array.from({ length: 21 }, (_, step) => step / 20);

export function useReading(
  group: string,
  messages: readonly MessageView[] | undefined,
  atEnd: boolean,
  list: RefObject<HTMLElement | null>,
): void {
  const visible = useVisible();
  const told = useRef(0);
  const shown = useRef(new Set<number>());
  useEffect(() => {
    const upTo = messages ? lastFromOthers(messages) : null;
    if (!visible || !atEnd || upTo === null || upTo <= told.current) {
      return;
    }
    told.current = upTo;
    call("mark_read", { group, up_to: upTo, shown: [...shown.current] }).catch(() => {
      // Said again with the next message or the next look.
      told.current = 0;
    });
  }, [group, messages, atEnd, visible]);

  // A STAT message is not read because something behind it was: it has to be seen itself.
  useEffect(() => {
    const root = list.current;
    if (!visible || !root || !messages) {
      return undefined;
    }
    const look = (entries: IntersectionObserverEntry[]) => {
      const seen = entries
        .filter(({ intersectionRatio, intersectionRect }) => {
          return (
            intersectionRatio >= ENOUGH || intersectionRect.height >= ENOUGH * root.clientHeight
          );
        })
        .map(({ target }) => Number((target as HTMLElement).dataset.stat))
        .filter((place) => place > 0 && !shown.current.has(place));
      if (seen.length === 0) {
        return;
      }
      for (const place of seen) {
        shown.current.add(place);
      }
      call("mark_read", { group, up_to: told.current, shown: seen }).catch(() => {
        for (const place of seen) {
          shown.current.delete(place);
        }
      });
    };
    const observer = new IntersectionObserver(look, { root, threshold: STEPS });
    for (const each of root.querySelectorAll("[data-stat]")) {
      observer.observe(each);
    }
    return () => observer.disconnect();
  }, [group, messages, visible, list]);
}
