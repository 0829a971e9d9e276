/** Interruptions as figures and as a table, without a screen. */
import type { HourFigures, UnitFigures } from "../core/wire";
import { t } from "../texts";

const columns = t.interruptions.columns;

/** The most rings of an hour, for the height of a chart; 1 where nothing rang. */
export function most(hours: readonly HourFigures[]): number {
  return Math.max(1, ...hours.map(total));
}

export function total({ rings }: HourFigures): number {
  return rings[0] + rings[1] + rings[2];
}

/** `12 %`; a dash where there is nothing to divide by. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((part / whole) * 100)} %`;
}

/** Rings for each hour that one person is on duty. */
export function perPerson({ per_person_milli }: HourFigures): string {
  return per_person_milli === null || per_person_milli === undefined
    ? "–"
    : (per_person_milli / 1000).toFixed(2);
}

/** All units that are shown, as rows of a table: what rang by urgency, then by hour. */
export function rows(units: readonly UnitFigures[]): string[][] {
  const table = [
    [
      t.interruptions.unit,
      columns.hour,
      columns.priority,
      columns.rings,
      columns.minute,
      columns.five,
      columns.fifteen,
      columns.answered,
      columns.perPerson,
    ],
  ];
  for (const { unit, suppressed, rings, hours } of units) {
    if (suppressed) {
      table.push([unit, "", t.interruptions.tooSmall, "", "", "", "", "", ""]);
      continue;
    }
    for (const of of rings) {
      const { answered_1, answered_5, answered_15, answered } = of;
      const counts = [of.rings, answered_1, answered_5, answered_15, answered].map(String);
      table.push([unit, "", t.priority[of.priority], ...counts, ""]);
    }
    for (const hour of hours) {
      const at = t.interruptions.hourOf(hour.hour);
      table.push([unit, at, "", String(total(hour)), "", "", "", "", perPerson(hour)]);
    }
  }
  return table;
}
