import { useEffect, useRef } from "react";

/**
 * Moves the focus to the heading of a screen when it is reached, so that the keyboard and the
 * screen reader are where the eye is.
 */
export function useFocus(place: string): void {
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) {
      return undefined;
    }
    last.current = place;
    let frame = 0;
    const move = () => {
      // A screen whose part of the app still comes has no heading yet.
      if (document.querySelector("[data-pane=chosen] [data-coming]")) {
        frame = requestAnimationFrame(move);
        return;
      }
      // The message for which a conversation was opened has it already.
      if (document.querySelector("[data-sought]:focus")) {
        return;
      }
      const headings = document.querySelectorAll<HTMLElement>(
        "[data-pane=chosen] h1, [data-pane=list] h1",
      );
      const seen = [...headings].filter((heading) => heading.offsetParent !== null);
      const heading = seen.find((each) => each.closest("[data-pane=chosen]")) ?? seen[0];
      if (heading) {
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
      }
    };
    frame = requestAnimationFrame(move);
    return () => cancelAnimationFrame(frame);
  }, [place]);
}
