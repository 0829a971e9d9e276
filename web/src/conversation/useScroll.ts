/**
 * Keeps the reader's place: at the end while new messages come, still while older ones are loaded
 * above, and where it was when the conversation is opened again.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { MessageView } from "../core/methods";
import { places } from "./memory";

const NEAR_PX = 96;
const OLDER_PX = 240;

export interface Scroll {
  ref: RefObject<HTMLDivElement | null>;
  /** Whether something came that is out of sight below. */
  below: boolean;
  atEnd: boolean;
  onScroll(): void;
  toEnd(): void;
}

export function useScroll(
  group: string,
  messages: readonly MessageView[] | undefined,
  limit: number,
  older: (() => void) | null,
): Scroll {
  const ref = useRef<HTMLDivElement>(null);
  const was = useRef({ top: 0, height: 0, atEnd: true, first: "", last: "" });
  const [below, setBelow] = useState(false);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    const element = ref.current;
    if (element) {
      element.scrollTop = element.scrollHeight;
      was.current.atEnd = true;
    }
    setBelow(false);
  }, []);

  useLayoutEffect(() => {
    const element = ref.current;
    const first = messages?.[0]?.id;
    const last = messages?.at(-1);
    if (!element || !first || !last) {
      return;
    }
    const before = was.current;
    if (before.first === "") {
      begin(element, group);
    } else if (before.first !== first && messages.some(({ id }) => id === before.first)) {
      element.scrollTop = before.top + (element.scrollHeight - before.height);
    } else if (before.last !== last.id) {
      if (before.atEnd || last.mine) {
        element.scrollTop = element.scrollHeight;
      } else {
        setBelow(true);
      }
    } else if (before.atEnd) {
      element.scrollTop = element.scrollHeight;
    }
    was.current = { ...measure(element), first, last: last.id };
    setAtEnd(was.current.atEnd);
  }, [messages, group]);

  const onScroll = useCallback(() => {
    const element = ref.current;
    if (!element) {
      return;
    }
    was.current = { ...was.current, ...measure(element) };
    setAtEnd(was.current.atEnd);
    if (was.current.atEnd) {
      setBelow(false);
    }
    if (element.scrollTop < OLDER_PX) {
      older?.();
    }
  }, [older]);

  // The keyboard of a phone makes the list shorter: its end stays in sight.
  useEffect(() => {
    const element = ref.current;
    if (!element) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      if (was.current.atEnd) {
        element.scrollTop = element.scrollHeight;
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(
    () => () => {
      if (was.current.first !== "") {
        places.set(group, { top: was.current.top, atEnd: was.current.atEnd, limit });
      }
    },
    [group, limit],
  );

  return { ref, below, atEnd, onScroll, toEnd };
}

/** Where it was, else at what is new, else at the end. */
function begin(element: HTMLDivElement, group: string): void {
  const place = places.get(group);
  const fresh = element.querySelector<HTMLElement>("[data-fresh]");
  if (fresh) {
    const above = fresh.offsetTop - element.clientHeight / 4;
    element.scrollTop = Math.max(0, above);
  } else if (place && !place.atEnd) {
    element.scrollTop = place.top;
  } else {
    element.scrollTop = element.scrollHeight;
  }
}

function measure(element: HTMLDivElement): { top: number; height: number; atEnd: boolean } {
  const { scrollTop, scrollHeight, clientHeight } = element;
  return {
    top: scrollTop,
    height: scrollHeight,
    atEnd: scrollHeight - scrollTop - clientHeight < NEAR_PX,
  };
}
