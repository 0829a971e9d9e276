/** Small multiples: a row for each thing that is measured, which opens a larger plot. */
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Chart.module.css";
import { Sparkline } from "./Sparkline";
import { Standing } from "./Standing";
import { change, isCritical, now as nowOf, type Trend } from "./trends";
import { statusText } from "./words";

export function TrendList({
  trends,
  now,
  label,
  onOpen,
}: {
  trends: readonly Trend[];
  now: number;
  label: string;
  onOpen(trend: Trend): void;
}) {
  return (
    <ul className={styles.trends} aria-label={label}>
      {trends.map((trend) => (
        <li key={trend.code}>
          <Row trend={trend} now={now} onOpen={() => onOpen(trend)} />
        </li>
      ))}
    </ul>
  );
}

function Row({ trend, now, onOpen }: { trend: Trend; now: number; onOpen(): void }) {
  const [latest] = trend.readings;
  if (!latest) {
    return null;
  }
  const standing = nowOf(trend);
  const by = change(trend);
  const drawn = trend.readings.some(({ values }) => values.some((value) => value !== null));
  const time = latest.at === null ? t.chart.noTime : moment(latest.at, now);
  return (
    <button
      type="button"
      className={styles.trend}
      data-critical={isCritical(standing) || undefined}
      data-words={!drawn || undefined}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      <strong className={styles.name}>{trend.name}</strong>
      {drawn ? <Sparkline trend={trend} /> : null}
      <span className={styles.value}>
        <strong>{latest.text}</strong> {trend.unit}
      </span>
      <span className={styles.how}>
        <Standing standing={standing} />
        <span>{[statusText(latest.status), time].filter(Boolean).join(" · ")}</span>
      </span>
      {by ? (
        <span className={styles.change}>
          <span aria-hidden>{by.text}</span>
          <span className="visually-hidden">{t.chart.changed(by.text)}</span>
        </span>
      ) : null}
    </button>
  );
}
