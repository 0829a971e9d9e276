/** Tells the hospital what was on the screen: only what really was, while somebody could look. */
import { useEffect, useRef } from "react";
import { call } from "../core/core";
import type { MessageView } from "../core/methods";
import { useVisible } from "../shell/useVisible";
import { lastFromOthers } from "./arrange";

export function useReading(
  group: string,
  messages: readonly MessageView[] | undefined,
  atEnd: boolean,
): void {
  const visible = useVisible();
  const told = useRef(0);
  useEffect(() => {
    const upTo = messages ? lastFromOthers(messages) : null;
    if (!visible || !atEnd || upTo === null || upTo <= told.current) {
      return;
    }
    told.current = upTo;
    call("mark_read", { group, up_to: upTo }).catch(() => {
      // Said again with the next message or the next look.
      told.current = 0;
    });
  }, [group, messages, atEnd, visible]);
}
