/** Which of the cards that wait are a bar: those that this person put off, and those that came while they
 * were writing, or were there when they began to.
 *
 * A card becomes one when the message field is tapped, and stays one when it is left: a card that came back under
 * the thumb which is about to press Send would be acknowledged instead. It is a card again only by a tap on
 * the bar, or when the app is opened anew. */
import { useEffect, useState } from "react";
import { together } from "./small";

export function useSmall(ids: readonly string[]): {
  small: ReadonlySet<string>;
  shrink(id: string): void;
  unfold(id: string): void;
} {
  const [small, setSmall] = useState<ReadonlySet<string>>(new Set());
  const named = ids.join(" ");
  useEffect(() => {
    const shrinkAll = () => setSmall((put) => together(put, named.split(" ")));
    if (isWriting(document.activeElement)) {
      shrinkAll();
    }
    const onFocus = ({ target }: FocusEvent) => {
      if (isWriting(target)) {
        shrinkAll();
      }
    };
    document.addEventListener("focusin", onFocus);
    return () => document.removeEventListener("focusin", onFocus);
  }, [named]);
  return {
    small,
    shrink: (id) => setSmall((put) => together(put, [id])),
    unfold: (id) => setSmall((put) => new Set([...put].filter((each) => each !== id))),
  };
}

/** Only where text goes: a button that moved away under the thumb would not be pressed. */
function isWriting(on: EventTarget | null): boolean {
  return on instanceof HTMLTextAreaElement && on.closest("[data-writes]") !== null;
}
