import { describe, expect, it } from "vitest";
import type { Reachability } from "../core/wire";
import { doubts, reason } from "./reach";

const NOW = new Date(2026, 0, 5, 8, 0).getTime();
const HERE: Reachability = { on_shift: true, phone: "rings", last_seen: "hour" };

describe("whether somebody would notice", () => {
  it("is said only where they might not", () => {
    expect(doubts("Ben", HERE, NOW)).toEqual([]);
    expect(doubts("Ben", { ...HERE, phone: "open", last_seen: "now" }, NOW)).toEqual([]);
    expect(doubts("Ben", { ...HERE, on_shift: false }, NOW)).toEqual(["Ben is off shift."]);
    expect(doubts("Ben", { ...HERE, phone: "no", last_seen: "day" }, NOW)).toEqual([
      "Ben is not reachable by phone.",
      "Was here within a day.",
    ]);
    expect(doubts("Ben", { on_shift: false, phone: "no", last_seen: "never" }, NOW)).toEqual([
      "Ben is off shift and not reachable by phone.",
      "Has not been here yet.",
    ]);
  });

  it("has an end where they are not to be disturbed", () => {
    const until = new Date(2026, 0, 5, 9, 30).getTime();
    expect(doubts("Ben", { ...HERE, quiet_until: until }, NOW)).toEqual([
      "Ben is not to be disturbed until 09:30; only STAT rings.",
    ]);
    expect(doubts("Ben", { ...HERE, quiet_until: until }, until)).toEqual([]);
  });

  it("comes with the reason for somebody better", () => {
    const user = { id: "1", username: "c", name: "Cleo", role: "Nurse", department: "ICU" };
    expect(reason({ user, reason: "on_shift" })).toBe("Cleo is on shift in the same role.");
    expect(reason({ user, reason: "holds_role", role_title: "ICU on call" })).toBe(
      "Cleo holds ICU on call.",
    );
  });
});
