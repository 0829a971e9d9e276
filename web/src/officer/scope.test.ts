import { describe, expect, it } from "vitest";
import type { BotInfo } from "../core/wire";
import { draftOf, LEAST, listed, scopeOf } from "./scope";

const someone = { id: "u", username: "lab", name: "Laboratory", role: "Bot", department: "Lab" };
const bot: BotInfo = {
  user: someone,
  owner: someone,
  scope: {
    reads: true,
    highest: "urgent",
    anywhere: false,
    groups: ["g1", "g2"],
    roles: ["cardiology-on-call"],
    care_teams: true,
    results: true,
  },
  per_minute: 12,
  devices: 1,
  created_at: 0,
};

describe("what a bot may do", () => {
  it("is the same after it was shown and saved unchanged", () => {
    const { scope, per_minute } = bot;
    expect(scopeOf(draftOf(bot))).toEqual({ scope, per_minute });
  });

  it("is little until an officer gives more", () => {
    expect(scopeOf(LEAST).scope).toEqual({
      reads: false,
      highest: "routine",
      anywhere: false,
      groups: [],
      roles: [],
      care_teams: false,
      results: false,
    });
  });

  it("names places with commas or spaces between", () => {
    expect(listed(" a, b  c,,")).toEqual(["a", "b", "c"]);
    expect(listed(" ")).toEqual([]);
  });
});
