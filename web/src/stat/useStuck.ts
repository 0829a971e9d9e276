import { useEffect, useState } from "react";
import type { Unsent } from "../core/methods";
import { nextStuck, stuckOf } from "./unsent";

const NONE: readonly Unsent[] = [];

/** The STAT messages of which it is to be said that they have not left, drawn anew when another is due. */
export function useStuck(unsent: readonly Unsent[] = NONE): Unsent[] {
  const [, setDrawn] = useState(0);
  useEffect(() => {
    const now = Date.now();
    const next = nextStuck(unsent, now);
    if (next === null) {
      return;
    }
    const timer = setTimeout(() => setDrawn(Date.now()), next - now);
    return () => clearTimeout(timer);
  }, [unsent]);
  return stuckOf(unsent, Date.now());
}
