/** Values over time: how each stands against its range, what changed, and which row comes first. */
import type { ChartPoint, ChartSeries } from "../core/wire";
import { t } from "../texts";

/** How a value stands, the worst first. */
export const STANDINGS = [
  "critical_high",
  "critical_low",
  "critical",
  "high",
  "low",
  "abnormal",
  "usual",
] as const;
export type Standing = (typeof STANDINGS)[number];

/** A row: a series, or two that belong together. */
export interface Trend {
  /** LOINC, where it has one. */
  code: string;
  name: string;
  unit: string | null;
  lines: readonly Line[];
  /** The latest first. */
  readings: readonly Reading[];
}

/** What is drawn as one line. */
export interface Line {
  name: string;
  low: number | null;
  high: number | null;
}

export interface Reading {
  /** Of its Observation. */
  id: string;
  at: number | null;
  text: string;
  /** A number for each line, where it is one. */
  values: readonly (number | null)[];
  /** For each line. */
  standings: readonly Standing[];
  status: string;
}

/** HL7 v3 ObservationInterpretation. */
const FLAGS: Readonly<Record<string, Standing>> = {
  HH: "critical_high",
  LL: "critical_low",
  AA: "critical",
  H: "high",
  HU: "high",
  ">": "high",
  HX: "high",
  L: "low",
  LU: "low",
  "<": "low",
  LX: "low",
  N: "usual",
  NEG: "usual",
  ND: "usual",
  NR: "usual",
  S: "usual",
};

/** LOINC: systolic and diastolic blood pressure. */
const SYSTOLIC = "8480-6";
const DIASTOLIC = "8462-4";

/** As the laboratory says, else by the range; a flag that is not known is worth a look. */
export function standing({ flag, value }: ChartPoint, { low, high }: ChartSeries): Standing {
  if (flag) {
    return FLAGS[flag] ?? "abnormal";
  }
  if (typeof value === "number") {
    if (typeof high === "number" && value > high) {
      return "high";
    }
    if (typeof low === "number" && value < low) {
      return "low";
    }
  }
  return "usual";
}

export function worst(standings: readonly Standing[]): Standing {
  return STANDINGS.find((each) => standings.includes(each)) ?? "usual";
}

export function isCritical(standing: Standing): boolean {
  return standing.startsWith("critical");
}

/** Rows of series, a blood pressure as one. */
export function trends(all: readonly ChartSeries[]): Trend[] {
  const systolic = all.find(({ code }) => code === SYSTOLIC);
  const diastolic = all.find(({ code }) => code === DIASTOLIC);
  const both = systolic && diastolic && systolic.unit === diastolic.unit;
  return all
    .filter((series) => series.points.length > 0 && !(both && series === diastolic))
    .map((series) => (both && series === systolic ? pair(systolic, diastolic) : single(series)));
}

function single(series: ChartSeries): Trend {
  return {
    code: series.code,
    name: series.name,
    unit: series.unit ?? null,
    lines: [line(series)],
    readings: series.points.map((point) => ({
      id: point.id,
      at: point.at ?? null,
      text: point.text,
      values: [point.value ?? null],
      standings: [standing(point, series)],
      status: point.status,
    })),
  };
}

/** Of both what was measured together; what has no other half stands alone. */
function pair(upper: ChartSeries, lower: ChartSeries): Trend {
  const ids = [...new Set([...upper.points, ...lower.points].map(({ id }) => id))];
  const readings = ids.map((id): Reading => {
    const above = upper.points.find((point) => point.id === id);
    const below = lower.points.find((point) => point.id === id);
    const one = above ?? below;
    return {
      id,
      at: one?.at ?? null,
      text: `${above?.text ?? t.chart.missing}/${below?.text ?? t.chart.missing}`,
      values: [above?.value ?? null, below?.value ?? null],
      standings: [
        above ? standing(above, upper) : "usual",
        below ? standing(below, lower) : "usual",
      ],
      status: one?.status ?? "unknown",
    };
  });
  return {
    code: `${upper.code}/${lower.code}`,
    name: t.chart.bloodPressure,
    unit: upper.unit ?? null,
    lines: [line(upper), line(lower)],
    readings: readings.sort((a, b) => (b.at ?? 0) - (a.at ?? 0)),
  };
}

function line({ name, low, high }: ChartSeries): Line {
  return { name, low: low ?? null, high: high ?? null };
}

/** How the latest reading stands. */
export function now({ readings }: Trend): Standing {
  return worst(readings[0]?.standings ?? []);
}

/** What needs a look first, otherwise as they came. */
export function pressingFirst(all: readonly Trend[]): Trend[] {
  const rank = (trend: Trend) => {
    const standing = now(trend);
    return isCritical(standing) ? 0 : standing === "usual" ? 2 : 1;
  };
  return [...all].sort((a, b) => rank(a) - rank(b));
}

/** From the reading before to the latest: `+1.2`, `−12/−4`; null where either is no number. */
export function change({ readings }: Trend): { text: string; since: number | null } | null {
  const [latest, before] = readings;
  if (!latest || !before) {
    return null;
  }
  const parts: string[] = [];
  for (const [at, value] of latest.values.entries()) {
    const earlier = before.values[at];
    if (value === null || typeof earlier !== "number") {
      return null;
    }
    parts.push(signed(value, earlier));
  }
  return { text: parts.join("/"), since: before.at };
}

/** With a sign, and no more decimals than were measured. */
function signed(value: number, earlier: number): string {
  const by = (value - earlier).toFixed(Math.max(decimals(value), decimals(earlier)));
  if (Number(by) === 0) {
    return t.chart.unchanged;
  }
  return by.startsWith("-") ? by.replace("-", "\u2212") : `+${by}`;
}

function decimals(value: number): number {
  return /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;
}
