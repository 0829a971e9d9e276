/** Medications: what is in force, what is on hold, and behind a tap what ended. */
import { CirclePause } from "lucide-react";
import type { ChartMedication } from "../core/wire";
import { SendButton } from "../references/SendButton";
import { t } from "../texts";
import styles from "./Chart.module.css";
import { at, doseText } from "./words";

const STANDING = ["active", "held"] as const;

export function Medications({
  medications,
  now,
}: {
  medications: readonly ChartMedication[];
  now: number;
}) {
  const ended = medications.filter(({ state }) => state === "ended");
  // Where nothing at all is told of doses, that is said once.
  const told = medications.some(({ last_given }) => typeof last_given === "number");
  return (
    <div className={styles.groups}>
      {told ? null : <p className={styles.none}>{t.chart.neverTold}</p>}
      {STANDING.map((state) => {
        const of = medications.filter((each) => each.state === state);
        return of.length > 0 ? (
          <div key={state}>
            <h3 id={`chart-${state}`}>{t.chart.state[state]}</h3>
            <List medications={of} told={told} now={now} label={`chart-${state}`} />
          </div>
        ) : null;
      })}
      {ended.length > 0 ? (
        <details open={medications.length === 1}>
          <summary id="chart-ended">{t.chart.ended(ended.length)}</summary>
          <List medications={ended} told={false} now={now} label="chart-ended" />
        </details>
      ) : null}
    </div>
  );
}

function List({
  medications,
  told,
  now,
  label,
}: {
  medications: readonly ChartMedication[];
  told: boolean;
  now: number;
  label: string;
}) {
  return (
    <ul className={styles.entries} aria-labelledby={label}>
      {medications.map((each) => (
        <li key={each.id}>
          <strong>
            {each.state === "held" ? <CirclePause aria-hidden /> : null}
            {each.name}
          </strong>
          <SendButton
            what={{ kind: "MedicationRequest", id: each.id, view: "value", name: each.name }}
          />
          {each.dose ? <span>{doseText(each)}</span> : null}
          <span className={styles.facts}>
            {[given(each, told, now), since(each, now)].filter(Boolean).join(" · ")}
          </span>
        </li>
      ))}
    </ul>
  );
}

function given({ last_given }: ChartMedication, told: boolean, now: number): string | null {
  if (typeof last_given === "number") {
    return t.chart.given(at(last_given, now));
  }
  return told ? t.chart.givenUnknown : null;
}

function since({ since }: ChartMedication, now: number): string | null {
  return typeof since === "number" ? t.chart.ordered(at(since, now)) : null;
}
