/** A chart in words. */
import type { Failure } from "../core/failure";
import type { AccessReason, ChartSource, ChartWithheld } from "../core/wire";
import { isForGlass } from "../glass/words";
import { t } from "../texts";
import { moment } from "../texts/time";
import { change, type Line, now, type Standing, type Trend } from "./trends";

/** Whether it failed because the hospital did not answer, and not because of what it said. */
export function isAway({ code, problem }: Failure): boolean {
  // What the record system does not confirm any more is not to be shown, on this screen neither.
  if (code === "record-system-away") {
    return false;
  }
  return code === "offline" || (problem !== undefined && problem.status >= 500);
}

/** How a chart stands to the record system, and what is missing because of it. */
export function sourceText(
  { state, as_of, left_out }: ChartSource,
  present: number,
): { says: string; leftOut: string | null; isOld: boolean } {
  const { source } = t.chart;
  const isOther = state === "unknown" || state === "merged";
  const time = as_of == null ? t.chart.missing : at(as_of, present);
  return {
    says: isOther ? source[state] : source[state](time),
    leftOut: left_out > 0 ? source.leftOut(left_out) : null,
    isOld: state !== "current",
  };
}

/** What lies within is usual; null where no range is known. */
export function rangeText({ low, high }: Pick<Line, "low" | "high">): string | null {
  if (low !== null && high !== null) {
    return t.chart.between(String(low), String(high));
  }
  if (low !== null) {
    return t.chart.from(String(low));
  }
  return high === null ? null : t.chart.upTo(String(high));
}

export function standingText(standing: Standing): string | null {
  return standing === "usual" ? null : t.chart.standing[standing];
}

/** Why somebody may look: the hospital's sentence, in the midst of ours. */
export function becauseText({ sentence }: Pick<AccessReason, "sentence">): string {
  return t.chart.because(sentence.charAt(0).toLowerCase() + sentence.slice(1));
}

/** A time in the midst of a sentence. */
export function at(ms: number, now: number): string {
  const text = moment(ms, now);
  const [day = ""] = text.split(",");
  const { yesterday, justNow, tomorrow } = t.time;
  return [yesterday, justNow, tomorrow].includes(day) ? text.replace(day, day.toLowerCase()) : text;
}

/** Where a status says more than that all is as it should be. */
export function statusText(status: string | null | undefined): string | null {
  return status ? (t.chart.status[status] ?? null) : null;
}

/** A plot for those who hear it. */
export function plotText(trend: Trend, present: number): string {
  const { readings, unit, lines } = trend;
  const [latest] = readings;
  const oldest = readings[readings.length - 1];
  if (!latest || !oldest) {
    return trend.name;
  }
  const time = (ms: number | null) => (ms === null ? null : at(ms, present));
  const by = change(trend);
  return [
    `${trend.name}: ${withUnit(latest.text, unit)}`,
    standingText(now(trend)),
    time(latest.at),
    by ? t.chart.changed(by.text) : null,
    readings.length > 1
      ? t.chart.span(readings.length, withUnit(oldest.text, unit), time(oldest.at))
      : null,
    ...lines.map((line) => {
      const range = rangeText(line);
      return range ? t.chart.rangeOf(lines.length > 1 ? line.name : null, range) : null;
    }),
  ]
    .filter(Boolean)
    .join(", ");
}

export function withUnit(text: string, unit: string | null): string {
  return unit ? `${text}\u00a0${unit}` : text;
}

/** How it is to be taken, without the name that stands above it. */
export function doseText({ name, dose }: { name: string; dose?: string | null }): string | null {
  if (!dose) {
    return null;
  }
  const named = dose.toLowerCase().startsWith(`${name.toLowerCase()} `);
  return named ? dose.slice(name.length + 1).trim() : dose;
}

/** What opens in one go, or does not. */
export interface More {
  kinds: readonly { kind: string; count: number }[];
  why: string | null;
  methods: readonly string[];
  scopes: readonly string[];
  /** Whether breaking the glass opens it. */
  byGlass: boolean;
}

/** What is withheld for the same reason, together: what the person can do something about first. */
export function more(withheld: readonly ChartWithheld[]): More[] {
  const found = new Map<string, More & { kinds: { kind: string; count: number }[] }>();
  for (const { kind, count, reason, why, methods, scopes } of withheld) {
    const key = JSON.stringify([reason ?? null, why ?? null, methods, [...scopes].sort()]);
    const byGlass = isForGlass(reason);
    const group = found.get(key) ?? { kinds: [], why: why ?? null, methods, scopes, byGlass };
    group.kinds.push({ kind, count });
    found.set(key, group);
  }
  const rank = ({ methods, why }: More) => (methods.length > 0 ? 0 : why ? 1 : 2);
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

/** `2 problems, 1 report`. */
export function kindsText(kinds: More["kinds"]): string {
  return kinds
    .map(({ kind, count }) => (t.chart.kinds[kind] ?? t.chart.otherKind)(count))
    .join(", ");
}

/** How much of these types is withheld. */
export function hidden(withheld: readonly ChartWithheld[], kinds: readonly string[]): number {
  return withheld
    .filter(({ kind }) => kinds.includes(kind))
    .reduce((sum, { count }) => sum + count, 0);
}
