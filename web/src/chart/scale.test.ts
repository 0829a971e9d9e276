import { describe, expect, it } from "vitest";
import { along, domain, path, place, sign, ticks } from "./scale";
import { STANDINGS } from "./trends";

describe("the span of a plot", () => {
  it("has everything that is shown in it, with room", () => {
    const [from, to] = domain([4.2, 6.8, null, 3.5, 5.1]);
    expect(from).toBeLessThan(3.5);
    expect(to).toBeGreaterThan(6.8);
  });

  it("is never empty", () => {
    for (const shown of [[], [null], [5], [0, 0], [-3]]) {
      const [from, to] = domain(shown);
      expect(to).toBeGreaterThan(from);
    }
  });
});

it("has round numbers at its side", () => {
  expect(ticks([3.1, 7.2], 4)).toEqual([4, 6]);
  expect(ticks([0, 1], 4)).toEqual([0, 0.5, 1]);
  expect(ticks([86, 214], 4)).toEqual([100, 150, 200]);
  expect(ticks([0.62, 0.98], 4)).toEqual([0.7, 0.8, 0.9]);
  expect(ticks([-1.5, 1.5], 3)).toEqual([-1, 0, 1]);
  for (const each of ticks([0.012, 0.031], 4)) {
    expect(String(each).length).toBeLessThan(7);
  }
});

it("places a value, also the other way round, and the only one in the middle", () => {
  expect(place(5, [0, 10], [0, 100])).toBe(50);
  expect(place(10, [0, 10], [200, 20])).toBe(20);
  expect(place(3, [3, 3], [0, 100])).toBe(50);
});

describe("along the time", () => {
  const at = (...times: (number | null)[]) => along(times.map((each) => ({ at: each })));

  it("stand readings by when they were", () => {
    expect(at(30, 20, 10)).toEqual([1, 0.5, 0]);
    expect(at(110, 20, 10)).toEqual([1, 0.1, 0]);
  });

  it("they stand evenly where a time is missing, or all are the same", () => {
    expect(at(30, null, 10)).toEqual([1, 0.5, 0]);
    expect(at(10, 10)).toEqual([1, 0]);
  });

  it("one stands in the middle", () => {
    expect(at(10)).toEqual([0.5]);
    expect(at()).toEqual([]);
  });
});

it("draws lines from point to point, and none over a gap", () => {
  expect(path([[0, 0], [1, 2.345], null, [3, 4], [5, 6]])).toBe("M0 0L1 2.35M3 4L5 6");
  expect(path([null])).toBe("");
});

it("has a shape for each side, and never one for both", () => {
  const shape = (nth: number) => sign(STANDINGS[nth] ?? "usual", 10, 10, 5);
  const of = Object.fromEntries(STANDINGS.map((each, nth) => [each, shape(nth)]));
  expect(new Set(["high", "low", "abnormal", "usual"].map((each) => of[each])).size).toBe(4);
  expect(of.high).toBe(of.critical_high);
  expect(of.low).toBe(of.critical_low);
});
