import { describe, expect, it } from "vitest";
import type { ChartPoint, ChartSeries } from "../core/wire";
import { change, now, pressingFirst, standing, trends, worst } from "./trends";

const HOUR = 3_600_000;

const point = (id: string, text: string, more: Partial<ChartPoint> = {}): ChartPoint => ({
  id,
  at: HOUR * 10,
  value: Number.isNaN(Number(text)) ? null : Number(text),
  text,
  status: "final",
  ...more,
});

const series = (
  code: string,
  points: ChartPoint[],
  more: Partial<ChartSeries> = {},
): ChartSeries => ({
  code,
  name: code,
  unit: "mmol/L",
  low: 3.5,
  high: 5.1,
  points,
  ...more,
});

const only = (one: ChartSeries) => {
  const [trend] = trends([one]);
  if (!trend) {
    throw new Error("no row");
  }
  return trend;
};

describe("how a value stands", () => {
  const potassium = series("2823-3", []);

  it("is what the laboratory says of it", () => {
    const flagged = (flag: string) => standing(point("a", "4.0", { flag }), potassium);
    expect(flagged("HH")).toBe("critical_high");
    expect(flagged("LL")).toBe("critical_low");
    expect(flagged("AA")).toBe("critical");
    expect(flagged("H")).toBe("high");
    expect(flagged("<")).toBe("low");
    expect(flagged("N")).toBe("usual");
  });

  it("is worth a look where a flag is not known", () => {
    expect(standing(point("a", "4.0", { flag: "QCF" }), potassium)).toBe("abnormal");
  });

  it("follows from the range where nothing is said, its ends included", () => {
    expect(standing(point("a", "5.2"), potassium)).toBe("high");
    expect(standing(point("a", "3.4"), potassium)).toBe("low");
    expect(standing(point("a", "5.1"), potassium)).toBe("usual");
    expect(standing(point("a", "3.5"), potassium)).toBe("usual");
    expect(standing(point("a", "positive"), potassium)).toBe("usual");
    const open = series("x", [], { low: null, high: null });
    expect(standing(point("a", "99"), open)).toBe("usual");
  });

  it("is the worst of several", () => {
    expect(worst(["usual", "low", "critical_low"])).toBe("critical_low");
    expect(worst([])).toBe("usual");
  });
});

describe("what changed", () => {
  it("has a sign, and the decimals that were measured", () => {
    const by = (...texts: string[]) =>
      change(
        only(
          series(
            "a",
            texts.map((text, at) => point(`p${at}`, text)),
          ),
        ),
      )?.text;
    expect(by("6.8", "5.6", "4.2")).toBe("+1.2");
    expect(by("132", "141")).toBe("\u22129");
    expect(by("1.05", "1")).toBe("+0.05");
    expect(by("4.2", "4.2")).toBe("±0");
    expect(by("0.3", "0.1")).toBe("+0.2");
  });

  it("is not told of words, nor of a first value", () => {
    expect(change(only(series("a", [point("a", "6.8")])))).toBeNull();
    expect(change(only(series("a", [point("a", "positive"), point("b", "1")])))).toBeNull();
    expect(change(only(series("a", [point("a", "1"), point("b", "negative")])))).toBeNull();
  });

  it("says since when", () => {
    const trend = only(series("a", [point("b", "2", { at: 9 }), point("a", "1", { at: 7 })]));
    expect(change(trend)?.since).toBe(7);
  });
});

describe("a blood pressure", () => {
  const systolic = (...points: ChartPoint[]) =>
    series("8480-6", points, { unit: "mmHg", low: null, high: null });
  const diastolic = (...points: ChartPoint[]) =>
    series("8462-4", points, { unit: "mmHg", low: null, high: null });

  it("is one row, of what was measured together", () => {
    const [first, ...others] = trends([
      series("8867-4", [point("h", "88")]),
      systolic(point("2", "142", { at: 2 }), point("1", "150", { at: 1 })),
      diastolic(point("2", "88", { at: 2 }), point("1", "92", { at: 1 })),
    ]);
    expect(first?.code).toBe("8867-4");
    expect(others).toHaveLength(1);
    const [pressure] = others;
    expect(pressure?.name).toBe("Blood pressure");
    expect(pressure?.readings.map(({ text }) => text)).toEqual(["142/88", "150/92"]);
    expect(pressure && change(pressure)?.text).toBe("\u22128/\u22124");
  });

  it("keeps a half that has no other, in its order of time", () => {
    const [pressure] = trends([
      systolic(point("1", "150", { at: 1 })),
      diastolic(point("2", "88", { at: 2 }), point("1", "92", { at: 1 })),
    ]);
    expect(pressure?.readings.map(({ text }) => text)).toEqual(["–/88", "150/92"]);
    expect(pressure && change(pressure)).toBeNull();
  });

  it("is two rows where the units differ, or one is missing", () => {
    const kPa = series("8462-4", [point("1", "12")], { unit: "kPa" });
    expect(trends([systolic(point("1", "150")), kPa])).toHaveLength(2);
    expect(trends([diastolic(point("1", "88"))])[0]?.lines).toHaveLength(1);
  });

  it("stands as its worse half does", () => {
    const [pressure] = trends([
      systolic(point("1", "212", { flag: "HH" })),
      diastolic(point("1", "88")),
    ]);
    expect(pressure && now(pressure)).toBe("critical_high");
  });
});

it("puts first what needs a look, and leaves the rest in its order", () => {
  const rows = trends([
    series("usual 1", [point("a", "4")]),
    series("low", [point("a", "3.4")]),
    series("high", [point("a", "5.2")]),
    series("critical", [point("a", "6.8", { flag: "HH" })]),
    series("usual 2", [point("a", "4")]),
    series("once critical", [point("b", "4"), point("a", "7", { flag: "HH" })]),
    series("never measured", []),
  ]);
  expect(pressingFirst(rows).map(({ code }) => code)).toEqual([
    "critical",
    "low",
    "high",
    "usual 1",
    "usual 2",
    "once critical",
  ]);
});
