import { describe, expect, it } from "vitest";
import type { PushInfo, QuietInfo } from "../core/wire";
import { allowed, isToBeChecked, ringsNext, standing, statUse, toMinutes, toTime } from "./words";

const NOW = new Date(2026, 0, 5, 8, 0).getTime();
const HOUR = 3_600_000;
const info = (state: PushInfo["state"], last_receipt_at?: number): PushInfo => ({
  public_key: "BAAB",
  state,
  ...(last_receipt_at ? { last_receipt_at } : {}),
});

describe("whether this phone rings", () => {
  it("is said in words", () => {
    expect(standing(info("rings", NOW - HOUR), NOW)).toBe(
      "On. The last notification arrived 07:00.",
    );
    expect(standing(info("off"), NOW)).toContain("nothing rings here");
    expect(standing(info("gone", NOW), NOW)).toContain("forgotten this phone");
  });

  it("is to be checked at the start of a shift", () => {
    expect(isToBeChecked(info("rings", NOW - HOUR), NOW)).toBe(false);
    expect(isToBeChecked(info("rings", NOW - 13 * HOUR), NOW)).toBe(true);
    expect(isToBeChecked(info("untested"), NOW)).toBe(true);
    expect(isToBeChecked(info("off"), NOW)).toBe(true);
  });
});

describe("when messages ring", () => {
  const quiet: QuietInfo = {
    choice: { batch: "hospital", breaks: [] },
    hospital_minutes: 0,
    hospital_off_duty: "routine",
    least: "routine",
    most: "urgent",
    longest_minutes: 240,
    now: {},
    waiting: 0,
  };

  it("is chosen within what the hospital allows", () => {
    expect(allowed(quiet)).toEqual(["routine", "urgent"]);
    expect(allowed({ least: "nothing", most: "nothing" })).toEqual(["nothing"]);
  });

  it("is said for now", () => {
    expect(ringsNext(quiet, NOW)).toContain("at once");
    const until = NOW + HOUR;
    const batched = { ...quiet, now: { routine: { reason: "batched" as const, until } } };
    expect(ringsNext(batched, NOW)).toContain("09:00");
    expect(ringsNext({ ...quiet, now: { routine: { reason: "off_duty" } } }, NOW)).toContain(
      "duty",
    );
  });

  it("has times of the day", () => {
    expect(toTime(750)).toBe("12:30");
    expect(toMinutes("12:30")).toBe(750);
    expect(toMinutes("00:00")).toBe(0);
    for (const wrong of ["", "24:00", "9:7", "12:60", "noon"]) {
      expect(toMinutes(wrong), wrong).toBeNull();
    }
  });

  it("tells of few STAT messages no opinion", () => {
    expect(statUse({ days: 28, sent: 2, acknowledged: 2 })).toContain("nobody is named");
    expect(statUse({ days: 28, sent: 4, acknowledged: 3, unneeded: 0 })).toContain(
      "0 did not need",
    );
  });
});
