import { describe, expect, it } from "vitest";
import { Failure } from "../core/failure";
import type { ChartSource, ChartWithheld } from "../core/wire";
import { t } from "../texts";
import type { Trend } from "./trends";
import {
  at,
  becauseText,
  doseText,
  hidden,
  isAway,
  kindsText,
  more,
  plotText,
  rangeText,
  sourceText,
  statusText,
} from "./words";

it("says what lies within a range, also where it has one end", () => {
  expect(rangeText({ low: 3.5, high: 5.1 })).toBe("3.5 to 5.1");
  expect(rangeText({ low: null, high: 0.04 })).toBe("up to 0.04");
  expect(rangeText({ low: 60, high: null })).toBe("60 or more");
  expect(rangeText({ low: null, high: null })).toBeNull();
});

it("says why somebody may look in one sentence", () => {
  expect(becauseText({ sentence: "The patient is on your ward this shift." })).toBe(
    "You may look because: the patient is on your ward this shift.",
  );
});

it("says as of when a chart is, and whether the record system answers", () => {
  const now = new Date(2026, 5, 9, 11, 0).getTime();
  const as_of = new Date(2026, 5, 9, 10, 42).getTime();
  const of = (state: ChartSource["state"], left_out = 0) =>
    sourceText({ state, as_of, left_out, cut: false }, now);
  expect(of("current")).toEqual({
    says: "From the record system, as of 10:42.",
    leftOut: null,
    isOld: false,
  });
  expect(of("away").says).toBe(
    "As of 10:42. The record system does not answer: newer entries are not here.",
  );
  expect(of("loading").isOld).toBe(true);
  expect(of("current", 1).leftOut).toBe(
    "1 entry of the record system cannot be read here. Look there for it.",
  );
  expect(sourceText({ state: "unknown", left_out: 0, cut: false }, now).says).toContain(
    "does not know this patient",
  );
});

it("takes a chart away that the record system does not confirm any more", () => {
  const problem = { type: "urn:wardline:problem:record-system-away", title: "x", status: 503 };
  expect(isAway(new Failure("record-system-away", "x", problem))).toBe(false);
  expect(isAway(new Failure("unavailable", "x", { ...problem, type: "x" }))).toBe(true);
});

it("writes a day in the midst of a sentence as it is written there", () => {
  const now = new Date(2026, 5, 9, 10, 0).getTime();
  expect(at(now - 20 * 3_600_000, now)).toBe("yesterday, 14:00");
  expect(at(now, now)).toBe("just now");
  expect(at(now - 3 * 86_400_000, now)).toBe("Sat, 10:00");
  expect(at(now - 3_600_000, now)).toBe("09:00");
});

it("tells of a status only what is not as it should be", () => {
  expect(statusText("final")).toBeNull();
  expect(statusText("active")).toBeNull();
  expect(statusText(undefined)).toBeNull();
  expect(statusText("preliminary")).toBe("Preliminary");
});

it("does not repeat a medicine's name in its dose", () => {
  expect(doseText({ name: "Furosemide", dose: "furosemide 40 mg twice a day" })).toBe(
    "40 mg twice a day",
  );
  expect(doseText({ name: "Insulin", dose: "Insulinlike drops" })).toBe("Insulinlike drops");
  expect(doseText({ name: "Furosemide", dose: null })).toBeNull();
});

it("tells a plot to those who hear it", () => {
  const at = new Date(2026, 5, 9, 6, 10).getTime();
  const trend: Trend = {
    code: "2823-3",
    name: "Potassium",
    unit: "mmol/L",
    lines: [{ name: "Potassium", low: 3.5, high: 5.1 }],
    readings: [
      { id: "b", at, text: "6.8", values: [6.8], standings: ["critical_high"], status: "final" },
      {
        id: "a",
        at: at - 3_600_000,
        text: "5.6",
        values: [5.6],
        standings: ["high"],
        status: "final",
      },
    ],
  };
  expect(plotText(trend, at + 7_200_000)).toBe(
    "Potassium: 6.8\u00a0mmol/L, Critically high, 06:10, +1.2 since the value before, " +
      "2 values, the first 5.6\u00a0mmol/L at 05:10, reference range 3.5 to 5.1",
  );
});

describe("what is withheld", () => {
  const withheld: ChartWithheld[] = [
    { kind: "Procedure", count: 1, why: null, methods: [], scopes: [] },
    {
      kind: "Condition",
      count: 2,
      why: "It is sensitive.",
      methods: ["user_verification"],
      scopes: ["sensitive_notes"],
    },
    {
      kind: "MedicationRequest",
      count: 1,
      why: "It is sensitive.",
      methods: ["user_verification"],
      scopes: ["sensitive_notes"],
    },
    {
      kind: "Observation",
      count: 3,
      reason: "very_restricted",
      why: "Break the glass.",
      methods: [],
      scopes: [],
    },
  ];

  it("is told together where the same opens it, what can be opened first", () => {
    const all = more(withheld);
    expect(all.map(({ kinds }) => kindsText(kinds))).toEqual([
      "2 problems, 1 medication",
      "3 results",
      "1 procedure",
    ]);
    expect(all[0]?.scopes).toEqual(["sensitive_notes"]);
    expect(more([])).toEqual([]);
  });

  it("is counted, so that nothing is called empty that is not", () => {
    expect(hidden(withheld, ["Observation"])).toBe(3);
    expect(hidden(withheld, ["AllergyIntolerance"])).toBe(0);
  });

  it("is opened by breaking the glass where the policy's code says so", () => {
    const one = (reason: string | null) =>
      more([{ kind: "Condition", count: 1, reason, why: "Ask.", methods: [], scopes: [] }])[0];
    expect(one("very_restricted")?.byGlass).toBe(true);
    expect(one("protected_entry")?.byGlass).toBe(true);
    expect(one("psychotherapy")?.byGlass).toBe(false);
    expect(one(null)?.byGlass).toBe(false);
  });

  it("has words for a type that is not known", () => {
    expect(kindsText([{ kind: "Media", count: 2 }])).toBe("2 other entries");
  });
});

it("keeps what was shown when the hospital is away, and not when it refuses", () => {
  const answered = (status: number) =>
    new Failure("any", "No", { type: "urn:wardline:problem:any", title: "No", status });
  expect(isAway(new Failure("offline", "Out of reach."))).toBe(true);
  expect(isAway(answered(503))).toBe(true);
  expect(isAway(answered(403))).toBe(false);
  expect(isAway(answered(401))).toBe(false);
  expect(isAway(new Failure("passkey-cancelled", t.failure.passkeyCancelled))).toBe(false);
});
