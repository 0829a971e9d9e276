/** Looks at charts in words. */
import type { LookAtChart } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";

export function patientText({ patient_name }: LookAtChart): string {
  return patient_name ?? t.looks.unknownPatient;
}

/** How likely it is, where that says something: whoever opens a canary is looked at whatever a model says. */
export function weightText({ canary, percent }: LookAtChart): string {
  return canary ? t.looks.canary : t.looks.likely(percent);
}

export function whenText({ at, last_at, times }: LookAtChart, now: number): string {
  const when = t.looks.when(moment(at, now), moment(last_at, now));
  return times > 1 ? `${when} · ${t.looks.times(times)}` : when;
}

/** The first thing that speaks for it; of a canary, what was done. */
export function reasonText({ canary, signs, ways }: LookAtChart): string {
  const [way] = ways;
  return (canary ? undefined : signs[0]?.sentence) ?? (way ? t.looks.ways[way] : "");
}
