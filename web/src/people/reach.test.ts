import { describe, expect, it } from "vitest";
import type { Reachability, ReachOf } from "../core/wire";
import { doubts, doubtsOfAll, reason, urgentRings } from "./reach";

const NOW = new Date(2026, 0, 5, 8, 0).getTime();
const HERE: Reachability = { on_shift: true, phone: "rings", last_seen: "hour", quietly: {} };

describe("whether somebody would notice", () => {
  it("is said only where they might not", () => {
    expect(doubts("Ben", HERE, NOW)).toEqual([]);
    expect(doubts("Ben", { ...HERE, phone: "open", last_seen: "now" }, NOW)).toEqual([]);
    expect(doubts("Ben", { ...HERE, on_shift: false }, NOW)).toEqual(["Ben is off shift."]);
    expect(doubts("Ben", { ...HERE, phone: "no", last_seen: "day" }, NOW)).toEqual([
      "Ben is not reachable by phone.",
      "Was here within a day.",
    ]);
    expect(
      doubts("Ben", { ...HERE, on_shift: false, phone: "no", last_seen: "never" }, NOW),
    ).toEqual(["Ben is off shift and not reachable by phone.", "Has not been here yet."]);
  });

  it("has an end where they are not to be disturbed", () => {
    const until = new Date(2026, 0, 5, 9, 30).getTime();
    expect(doubts("Ben", { ...HERE, quiet_until: until }, NOW)).toEqual([
      "Ben is not to be disturbed until 09:30; only STAT rings.",
    ]);
    expect(doubts("Ben", { ...HERE, quiet_until: until }, until)).toEqual([]);
  });

  it("depends on how urgent it is where they batch what is routine", () => {
    const until = new Date(2026, 0, 5, 14, 30).getTime();
    const batches: Reachability = { ...HERE, quietly: { routine: { reason: "batched", until } } };
    expect(doubts("Dr B", batches, NOW)).toEqual([
      "Delivered quietly: Dr B batches routine messages until 14:30.",
    ]);
    expect(doubts("Dr B", batches, NOW, "urgent")).toEqual([]);
    expect(urgentRings(batches, "routine")).toBe(true);
    expect(urgentRings(batches, "urgent")).toBe(false);
  });

  it("is said of who is off duty, and what would ring all the same", () => {
    const until = new Date(2026, 0, 5, 20, 0).getTime();
    const routine = { reason: "off_duty", until } as const;
    const off: Reachability = { ...HERE, on_shift: false, quietly: { routine } };
    expect(doubts("Ben", off, NOW)).toEqual([
      "Ben is off duty until 20:00.",
      "Routine messages do not ring.",
    ]);
    expect(doubts("Ben", off, NOW, "stat")).toEqual(["Ben is off shift."]);
    const never: Reachability = {
      ...off,
      quietly: { routine: { reason: "off_duty" }, urgent: { reason: "off_duty" } },
    };
    expect(doubts("Ben", never, NOW, "urgent")).toEqual(["Ben is off duty.", "Only STAT rings."]);
    expect(urgentRings(never, "routine")).toBe(false);
  });

  it("is said of a group by number and name", () => {
    const names = new Map("ABCDEFG".split("").map((name) => [name.toLowerCase(), name]));
    const of = (ids: string, more: Partial<ReachOf> = {}): ReachOf[] =>
      ids.split("").map((user_id) => ({
        user_id,
        on_shift: true,
        phone: "rings",
        last_seen: "hour",
        ...more,
      }));
    expect(doubtsOfAll(names, of("abc"), NOW)).toEqual([]);
    const some = [...of("ab", { phone: "no" }), ...of("cdefg")];
    expect(doubtsOfAll(names, some, NOW)).toEqual(["2 of 7 cannot be reached by phone: A, B."]);
    expect(doubtsOfAll(names, of("abcdefg", { phone: "no" }), NOW)).toEqual([
      "None of the 7 can be reached by phone: A, B, C, D and 3 more.",
    ]);
    const quiet = [...of("a", { quiet_until: NOW + 1 }), ...of("b", { quiet_until: NOW })];
    expect(doubtsOfAll(names, quiet, NOW)).toEqual(["1 not to be disturbed, only STAT rings: A."]);
    expect(doubtsOfAll(names, quiet, NOW, "stat")).toEqual([]);
    expect(doubtsOfAll(names, of("ab", { on_shift: false }), NOW)).toEqual([
      "Nobody of them is on shift.",
    ]);
    expect(doubtsOfAll(names, [], NOW)).toEqual([]);
  });

  it("comes with the reason for somebody better", () => {
    const user = { id: "1", username: "c", name: "Cleo", role: "Nurse", department: "ICU" };
    expect(reason({ user, reason: "on_shift" })).toBe("Cleo is on shift in the same role.");
    expect(reason({ user, reason: "holds_role", role_title: "ICU on call" })).toBe(
      "Cleo holds ICU on call.",
    );
  });
});
