/** Tells when a STAT message is over that this person was asked to take, or had sent. */
import { useEffect, useRef } from "react";
import type { EscalationInfo } from "../core/wire";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { addressee, endedSince } from "./timeline";

export function useStatNews(pages: readonly EscalationInfo[] | undefined, me: string): void {
  const known = useRef<readonly EscalationInfo[] | null>(null);
  useEffect(() => {
    if (!pages || me === "") {
      return;
    }
    const before = known.current ?? pages;
    known.current = pages;
    for (const page of endedSince(before, pages, me)) {
      const text = news(page, me);
      if (text) {
        tell("done", text);
      }
    }
  }, [pages, me]);
}

/** What failed has a card of its own, and what one did oneself is no news. */
function news(page: EscalationInfo, me: string): string | null {
  const { state, sender, acknowledged_by, team } = page;
  if (state === "acknowledged" && acknowledged_by && acknowledged_by.id !== me) {
    if (team && sender.id === me) {
      return t.stat.lineTaken(addressee(page), acknowledged_by.name);
    }
    const words = sender.id === me ? t.stat.mineTaken : t.stat.overTaken;
    return words(acknowledged_by.name);
  }
  return state === "withdrawn" && sender.id !== me ? t.stat.overWithdrawn(sender.name) : null;
}
