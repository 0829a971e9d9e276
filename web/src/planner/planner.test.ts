import { expect, it } from "vitest";
import type { Comparison } from "../core/wire";
import { toCsv } from "../fleet/csv";
import { readRange } from "./estimate";
import { money, quantity, scaleEnd } from "./money";
import { comparisonRows } from "./rows";

it("takes numbers in order, with a comma or a point", () => {
  expect(readRange("1", "1,5", "2.5")).toEqual({ low: 1, likely: 1.5, high: 2.5 });
  expect(readRange("0", "0", "0")).toEqual({ low: 0, likely: 0, high: 0 });
  for (const [low, likely, high] of [
    ["2", "1", "3"],
    ["1", "2", ""],
    ["-1", "0", "1"],
    ["1", "x", "3"],
    ["1", "2", "Infinity"],
  ] as const) {
    expect(readRange(low, likely, high)).toBeNull();
  }
});

it("ends a scale at a round number", () => {
  expect(scaleEnd(0)).toBe(1);
  expect(scaleEnd(1_230_000)).toBe(1_500_000);
  expect(scaleEnd(100)).toBe(100);
  expect(scaleEnd(9.1)).toBe(10);
});

it("shortens money and counts", () => {
  expect(money(1_234_567, "USD")).toBe("$1.23M");
  expect(quantity(0.183)).toBe("0.183");
  expect(quantity(774.5)).toBe("775");
  expect(quantity(12_345.6)).toBe("12,350");
});

it("writes a comparison with its assumptions into one file", () => {
  const range = { low: 1, likely: 2, high: 3 };
  const comparison: Comparison = {
    currency: "USD",
    years: 3,
    notes: [],
    programs: [
      {
        slug: "byod",
        title: "Own phone",
        ownership: "personal",
        quantities: [{ name: "people", range, formula: "staff = 2" }],
        items: [],
        purposes: [],
        total: { range, mean: 2, deviation_apart: 1, deviation_together: 1 },
        carries: { extra: 0, text: "Nothing." },
        risks: [],
        warnings: [],
      },
    ],
    assumptions: [
      {
        name: "staff",
        estimate: { ...range, unit: "people", source: "=guess", date: "2026-01-01" },
      },
    ],
  };
  const csv = toCsv(comparisonRows(comparison));
  expect(csv).toContain("byod,quantity,people,1,2,3,,staff = 2\r\n");
  expect(csv).toContain(",assumption,staff,1,2,3,people,'=guess (2026-01-01)\r\n");
});
