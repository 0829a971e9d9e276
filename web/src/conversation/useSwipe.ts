/** A swipe of the thumb to the right, as on a message to answer it. Nothing else needs it. */
import { type PointerEvent, useRef } from "react";

const BEGIN_PX = 12;
const DONE_PX = 56;
const MOST_PX = 72;
/** Swipes from the screen's edge are the phone's own, for going back. */
const EDGE_PX = 24;

export function useSwipe(onSwipe: (() => void) | null) {
  const start = useRef<{ x: number; y: number; moved: number } | null>(null);

  const settle = (event: PointerEvent<HTMLElement>) => {
    const done = (start.current?.moved ?? 0) >= DONE_PX && event.type === "pointerup";
    start.current = null;
    event.currentTarget.style.removeProperty("transform");
    if (done) {
      onSwipe?.();
    }
  };

  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      const mayBegin = onSwipe && event.pointerType === "touch" && event.clientX > EDGE_PX;
      start.current = mayBegin ? { x: event.clientX, y: event.clientY, moved: 0 } : null;
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = start.current;
      if (!from) {
        return;
      }
      const across = event.clientX - from.x;
      if (
        from.moved === 0 &&
        (across < BEGIN_PX || across < 2 * Math.abs(event.clientY - from.y))
      ) {
        return;
      }
      from.moved = Math.max(1, Math.min(across, MOST_PX));
      event.currentTarget.style.setProperty("transform", `translateX(${from.moved}px)`);
    },
    onPointerUp: settle,
    onPointerCancel: settle,
  };
}
