/** Brings the message for which a conversation was opened onto the screen. */
import { useLayoutEffect, useState } from "react";
import type { MessageView } from "../core/methods";
import { reaching } from "./arrange";
import type { Scroll } from "./useScroll";

/** Whether the screen is where it is to be: only then is what it shows being read. */
export function useSought(
  { ref, onScroll }: Scroll,
  messages: readonly MessageView[] | undefined,
  place: number | null,
  limit: number,
  setLimit: (limit: number) => void,
): boolean {
  const [settled, setSettled] = useState(place === null);
  useLayoutEffect(() => {
    if (settled || place === null || !messages) {
      return;
    }
    const needed = reaching(messages, place, limit);
    if (needed > limit) {
      setLimit(needed);
      return;
    }
    const message = ref.current?.querySelector<HTMLElement>("[data-sought]");
    if (message) {
      message.scrollIntoView({ block: "center" });
      onScroll();
      // Who hears the screen goes on from here.
      message.focus({ preventScroll: true });
    }
    setSettled(true);
  }, [ref, onScroll, messages, place, limit, setLimit, settled]);
  return settled;
}
