import { describe, expect, it } from "vitest";
import type { UnitFigures } from "../core/wire";
import { toCsv } from "../fleet/csv";
import { most, perPerson, rows, share, total } from "./figures";

const ICU: UnitFigures = {
  unit: "ICU",
  suppressed: false,
  rings: [
    { priority: "routine", rings: 12, answered_1: 3, answered_5: 6, answered_15: 9, answered: 10 },
  ],
  hours: [
    { hour: 9, rings: [8, 2, 1], per_person_milli: 1_250 },
    { hour: 10, rings: [1, 0, 0] },
  ],
  duty_hours: 80,
};
const SMALL: UnitFigures = {
  unit: "Burns",
  suppressed: true,
  rings: [],
  hours: [],
  duty_hours: 0,
};

describe("interruptions", () => {
  it("are counted by hour", () => {
    expect(ICU.hours.map(total)).toEqual([11, 1]);
    expect(most(ICU.hours)).toBe(11);
    expect(most([])).toBe(1);
    expect(ICU.hours.map(perPerson)).toEqual(["1.25", "–"]);
    expect(share(3, 12)).toBe("25 %");
    expect(share(0, 0)).toBe("–");
  });

  it("make a table in which a small unit has no figure", () => {
    const csv = toCsv(rows([ICU, SMALL]));
    const lines = csv.trim().split("\r\n");
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe("ICU,,Routine,12,3,6,9,10,");
    expect(lines[2]).toBe("ICU,09:00,,11,,,,,1.25");
    expect(lines[4]).toMatch(/^Burns,,Too few people/);
    expect(lines[4]).not.toMatch(/\d/);
  });
});
