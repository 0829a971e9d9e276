import { describe, expect, it } from "vitest";
import type { Unsent } from "../core/methods";
import { advice, nextStuck, STUCK_MS, stuckOf } from "./unsent";

const NOW = 1_800_000_000_000;

function unsent(age: number, more: Partial<Unsent> = {}): Unsent {
  return { id: `${age}`, group: "g", written_at: NOW - age, late: false, ...more };
}

const problem = { type: "urn:wardline:problem:denied", title: "Denied", status: 403 };

describe("a STAT message of one's own", () => {
  it("is said not to have left after a while, or at once where it will not", () => {
    const ids = (all: Unsent[]) => stuckOf(all, NOW).map(({ id }) => id);
    expect(ids([unsent(STUCK_MS), unsent(STUCK_MS - 1)])).toEqual([`${STUCK_MS}`]);
    expect(ids([unsent(1, { problem }), unsent(2, { late: true })])).toEqual(["1", "2"]);
  });

  it("is looked at again when its time has come, whatever the clock did", () => {
    expect(nextStuck([], NOW)).toBeNull();
    expect(nextStuck([unsent(STUCK_MS)], NOW)).toBeNull();
    expect(nextStuck([unsent(4_000), unsent(1_000)], NOW)).toBe(NOW + 6_000);
    expect(stuckOf([unsent(-3_600_000)], NOW)).toHaveLength(1);
  });

  it("comes with what to do", () => {
    expect(advice(unsent(STUCK_MS))).toContain("leaves by itself");
    expect(advice(unsent(0, { late: true }))).toContain("does not leave by itself any more");
    expect(advice(unsent(0, { problem }))).toContain("Denied");
  });
});
