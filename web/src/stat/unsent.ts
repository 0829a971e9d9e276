/** Which STAT messages of one's own have not left, without a screen. */

import { problemText } from "../core/failure";
import type { Unsent } from "../core/methods";
import { t } from "../texts";

/** After so long it is said that one has not left: a healthy line takes a moment. */
export const STUCK_MS = 10_000;

/** Those of which it is to be said now: refused, too late, or not gone for a while. */
export function stuckOf(unsent: readonly Unsent[], now: number): Unsent[] {
  return unsent.filter((each) => isStuck(each, now));
}

/** When the next of the others is to be said, or null. */
export function nextStuck(unsent: readonly Unsent[], now: number): number | null {
  const left = unsent
    .filter((each) => !isStuck(each, now))
    .map(({ written_at }) => written_at + STUCK_MS);
  return left.length === 0 ? null : Math.min(...left);
}

function isStuck({ late, problem, written_at }: Unsent, now: number): boolean {
  // One from the future is of a clock that was set back: nobody knows how long it waits.
  return late || Boolean(problem) || Math.abs(now - written_at) >= STUCK_MS;
}

/** What to do about it. */
export function advice({ late, problem }: Unsent): string {
  const words = t.stat.unsent;
  if (problem) {
    return words.refused(problemText(problem));
  }
  return late ? words.late : words.waits;
}
