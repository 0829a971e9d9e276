import { describe, expect, it } from "vitest";
import { sooner, soundsAt } from "./chime";

const NOW = 1_000_000;
const batched = { routine: { reason: "batched", until: NOW + 60_000 } } as const;
const off = { routine: { reason: "off_duty" }, urgent: { reason: "off_duty" } } as const;

describe("an open app", () => {
  it("sounds for routine messages when they ring", () => {
    expect(soundsAt("routine", {}, NOW)).toBe(NOW);
    expect(soundsAt("routine", batched, NOW)).toBe(NOW + 60_000);
    expect(soundsAt("routine", batched, NOW + 90_000)).toBe(NOW + 90_000);
    expect(soundsAt("urgent", batched, NOW)).toBe(NOW);
    expect(soundsAt("urgent", off, NOW)).toBeNull();
  });

  it("never waits with STAT", () => {
    expect(soundsAt("stat", off, NOW)).toBe(NOW);
  });

  it("sounds once for what waits for the same time", () => {
    expect(sooner(null, 5)).toBe(5);
    expect(sooner(7, 5)).toBe(5);
    expect(sooner(5, null)).toBe(5);
    expect(sooner(null, null)).toBeNull();
  });
});
