/** Waiting times between attempts: doubling, with full jitter so that phones do not come at once. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Milliseconds before attempt `attempt` (from 0); `random` is in [0, 1). */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
