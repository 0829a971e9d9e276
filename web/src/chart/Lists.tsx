/** What is listed as it stands: procedures, care plans, stays. */
import type { ChartEncounter, ChartItem, ChartPlan } from "../core/wire";
import { SendButton } from "../references/SendButton";
import { t } from "../texts";
import { date, moment } from "../texts/time";
import styles from "./Chart.module.css";
import { at as inWords, statusText } from "./words";

export function Procedures({ procedures, now }: { procedures: readonly ChartItem[]; now: number }) {
  return (
    <ul className={styles.entries} aria-label={t.chart.procedures}>
      {procedures.map(({ id, name, at, status }) => (
        <li key={id}>
          <strong>{name}</strong>
          <SendButton what={{ kind: "Procedure", id, view: "value", name }} />
          <Facts all={[statusText(status), typeof at === "number" ? date(at, now) : null]} />
        </li>
      ))}
    </ul>
  );
}

export function Plans({ plans }: { plans: readonly ChartPlan[] }) {
  return (
    <ul className={styles.entries} aria-label={t.chart.plans}>
      {plans.map(({ id, name, activities }) => (
        <li key={id}>
          <strong>{name}</strong>
          {activities.length > 0 ? (
            <ul className={styles.activities}>
              {activities.map((activity, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same may be done twice
                <li key={at}>{activity}</li>
              ))}
            </ul>
          ) : (
            <span className={styles.facts}>{t.chart.noActivities}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

export function Encounters({
  encounters,
  now,
}: {
  encounters: readonly ChartEncounter[];
  now: number;
}) {
  return (
    <ul className={styles.entries} aria-label={t.chart.encounters}>
      {encounters.map((each) => (
        <li key={each.id}>
          <strong>{each.name ?? t.chart.stay}</strong>
          <Facts all={[each.location ?? null, when(each, now)]} />
        </li>
      ))}
    </ul>
  );
}

function when({ from, to, status }: ChartEncounter, now: number): string | null {
  const here = status === "in-progress";
  if (typeof from !== "number") {
    return statusText(status);
  }
  if (typeof to === "number") {
    return t.chart.stayed(date(from, now), date(to, now));
  }
  return here
    ? t.chart.hereNow(inWords(from, now))
    : [statusText(status), moment(from, now)].filter(Boolean).join(" · ");
}

function Facts({ all }: { all: readonly (string | null)[] }) {
  const told = all.filter(Boolean);
  return told.length > 0 ? <span className={styles.facts}>{told.join(" · ")}</span> : null;
}
