/** Reports of imaging, pathology and the like: what they come to. */
import { useState } from "react";
import type { ChartReport } from "../core/wire";
import { SendButton } from "../references/SendButton";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Chart.module.css";
import { statusText } from "./words";

/** Longer ones open. */
const SHORT = 220;

export function Reports({ reports, now }: { reports: readonly ChartReport[]; now: number }) {
  return (
    <ul className={styles.entries} aria-label={t.chart.reports}>
      {reports.map((report) => (
        <li key={report.id}>
          <strong>{report.name}</strong>
          <SendButton
            what={{ kind: "DiagnosticReport", id: report.id, view: "value", name: report.name }}
          />
          <span className={styles.facts}>
            {[
              report.section ? (t.chart.section[report.section] ?? report.section) : null,
              statusText(report.status),
              typeof report.at === "number" ? moment(report.at, now) : null,
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
          <Conclusion text={report.conclusion ?? null} />
        </li>
      ))}
    </ul>
  );
}

function Conclusion({ text }: { text: string | null }) {
  const [whole, setWhole] = useState(false);
  if (!text) {
    return <p className={styles.facts}>{t.chart.noConclusion}</p>;
  }
  const long = text.length > SHORT;
  return (
    <>
      <p className={styles.conclusion} data-short={(long && !whole) || undefined}>
        {text}
      </p>
      {long && !whole ? (
        <button type="button" className={styles.toggle} onClick={() => setWhole(true)}>
          {t.chart.readAll}
        </button>
      ) : null}
    </>
  );
}
