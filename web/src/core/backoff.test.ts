import { expect, it } from "vitest";
import { backoff } from "./backoff";

it("waits longer after each failure, and never longer than half a minute", () => {
  const waits = Array.from({ length: 40 }, (_, attempt) => backoff(attempt, 0.999));
  expect(waits[0]).toBeLessThanOrEqual(500);
  waits.slice(1).forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual(waits[index] ?? 0);
  });
  expect(waits.at(-1)).toBeLessThanOrEqual(30_000);
});

it("spreads the phones of a ward that lost the network together", () => {
  expect(backoff(6, 0)).toBe(15_000);
  expect(backoff(6, 1)).toBe(30_000);
});
