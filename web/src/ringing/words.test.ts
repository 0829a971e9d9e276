import { describe, expect, it } from "vitest";
import type { PushInfo } from "../core/wire";
import { isToBeChecked, standing } from "./words";

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
