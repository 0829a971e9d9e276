/** One thing that is measured: how it stands now, how it went, and every value in a table. */
import { Modal } from "@mantine/core";
import { useState } from "react";
import { SendButton } from "../references/SendButton";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Chart.module.css";
import { Plot } from "./Plot";
import { Standing } from "./Standing";
import { change, now as nowOf, type Trend, worst } from "./trends";
import { at as inWords, rangeText, statusText, withUnit } from "./words";

export function TrendDialog({
  trend,
  now,
  onClose,
}: {
  trend: Trend | null;
  now: number;
  onClose(): void;
}) {
  const narrow = useNarrow();
  // What was shown stays while the dialog fades.
  const [last, setLast] = useState(trend);
  if (trend && trend !== last) {
    setLast(trend);
  }
  const shown = trend ?? last;
  return (
    <Modal
      opened={trend !== null}
      onClose={onClose}
      title={shown?.name}
      fullScreen={narrow}
      size="lg"
      closeButtonProps={{ "aria-label": t.close }}
    >
      {shown ? (
        <>
          <Values trend={shown} now={now} />
          <Send trend={shown} />
        </>
      ) : null}
    </Modal>
  );
}

/** Into the conversation beside the chart: the latest value, or how it went. */
function Send({ trend: { name, readings } }: { trend: Trend }) {
  const [latest] = readings;
  if (!latest) {
    return null;
  }
  const what = { kind: "Observation", id: latest.id, name } as const;
  return (
    <div className={styles.send}>
      <SendButton what={{ ...what, view: "value" }} text={t.references.sendValue} />
      {readings.length > 1 ? (
        <SendButton what={{ ...what, view: "trend" }} text={t.references.sendTrend} />
      ) : null}
    </div>
  );
}

/** How it stands, how it went, and the values; of one alone, that. */
export function Values({ trend, now }: { trend: Trend; now: number }) {
  const { readings, lines, unit } = trend;
  const [latest] = readings;
  if (!latest) {
    return null;
  }
  const by = change(trend);
  const time = (at: number | null) => (at === null ? t.chart.noTime : moment(at, now));
  const ranges = lines.flatMap((line) => {
    const range = rangeText(line);
    return range ? [`${lines.length > 1 ? `${line.name} ` : ""}${withUnit(range, unit)}`] : [];
  });
  return (
    <div className={styles.opened}>
      <p className={styles.latest}>
        <strong>{latest.text}</strong> {unit} <Standing standing={nowOf(trend)} />
      </p>
      <p>
        {[
          time(latest.at),
          statusText(latest.status),
          by
            ? by.since === null
              ? by.text
              : t.chart.changedSince(by.text, inWords(by.since, now))
            : null,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {readings.length > 1 &&
      readings.some(({ values }) => values.some((value) => value !== null)) ? (
        <Plot trend={trend} now={now} />
      ) : null}
      <p>{ranges.length > 0 ? `${t.chart.range}: ${ranges.join("; ")}` : t.chart.noRange}</p>
      {readings.length > 1 ? (
        <table className={styles.values}>
          <caption className="visually-hidden">{t.chart.values}</caption>
          <thead>
            <tr>
              <th scope="col">{t.chart.columns.at}</th>
              <th scope="col">
                {t.chart.columns.value}
                {unit ? ` (${unit})` : null}
              </th>
              <th scope="col">{t.chart.columns.standing}</th>
            </tr>
          </thead>
          <tbody>
            {readings.map((reading) => (
              <tr key={reading.id}>
                <th scope="row">{time(reading.at)}</th>
                <td>
                  {reading.text}
                  {statusText(reading.status) ? <small>{statusText(reading.status)}</small> : null}
                </td>
                <td>
                  {worst(reading.standings) === "usual" ? (
                    t.chart.usual
                  ) : (
                    <Standing standing={worst(reading.standings)} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}
