/** How often the phones of a unit ring, as a chart and as tables, and how it uses STAT. */
import { Button, NativeSelect } from "@mantine/core";
import { Download } from "lucide-react";
import { useState } from "react";
import { useInterruptions } from "../core/queries";
import type { Interruptions as Figures, HourFigures, UnitFigures } from "../core/wire";
import { toCsv } from "../fleet/csv";
import { downloadCsv } from "../fleet/files";
import officer from "../officer/Officer.module.css";
import risk from "../risk/Risk.module.css";
import { Empty } from "../shell/Empty";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { most, perPerson, rows, share, total } from "./figures";
import styles from "./Interruptions.module.css";

const SPANS = [7, 28, 84] as const;
const words = t.interruptions;

export default function Interruptions() {
  const [days, setDays] = useState<number>(SPANS[1]);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { data, error } = useInterruptions(days, zone);
  return (
    <div className={officer.screen}>
      <div className={officer.column}>
        <header className={officer.header}>
          <h1>{words.title}</h1>
          <a href={address({ at: "security" })}>{words.back}</a>
        </header>
        {error ? <Empty title={t.failure.title} text={error.message} /> : null}
        {data ? <Units figures={data} days={days} onDays={setDays} /> : error ? null : <Waiting />}
      </div>
    </div>
  );
}

function Units({
  figures,
  days,
  onDays,
}: {
  figures: Figures;
  days: number;
  onDays(days: number): void;
}) {
  const { units, smallest_group } = figures;
  const [chosen, setChosen] = useState<string | null>(null);
  const first = units.find(({ suppressed }) => !suppressed) ?? units[0];
  const unit = units.find((each) => each.unit === chosen) ?? first;
  return (
    <>
      <section className={officer.card}>
        <p>{words.intro(smallest_group)}</p>
        <p>{words.what}</p>
        <div className={styles.choice}>
          <NativeSelect
            label={words.span}
            value={String(days)}
            onChange={(event) => onDays(Number(event.currentTarget.value))}
            data={SPANS.map((each) => ({
              value: String(each),
              label: each === 7 ? words.week : words.days(each),
            }))}
          />
          {unit ? (
            <NativeSelect
              label={words.unit}
              value={unit.unit}
              onChange={(event) => setChosen(event.currentTarget.value)}
              data={units.map((each) => each.unit)}
            />
          ) : null}
        </div>
        {unit ? (
          <Button
            variant="default"
            leftSection={<Download aria-hidden />}
            onClick={() => downloadCsv("interruptions.csv", toCsv(rows(units)))}
          >
            {words.csv}
          </Button>
        ) : (
          <p role="status">{words.none}</p>
        )}
      </section>
      {unit ? <UnitPart unit={unit} /> : null}
    </>
  );
}

function UnitPart({ unit }: { unit: UnitFigures }) {
  if (unit.suppressed) {
    return (
      <section className={officer.card} aria-label={unit.unit}>
        <p role="status">{words.tooSmall}</p>
      </section>
    );
  }
  return (
    <>
      <section className={officer.card} aria-labelledby="by-priority">
        <h2 id="by-priority">{unit.unit}</h2>
        {unit.duty_hours > 0 ? <p>{words.duty(unit.duty_hours)}</p> : null}
        <ByPriority unit={unit} />
        <h3>{words.stat}</h3>
        <Stat stat={unit.stat ?? null} />
      </section>
      <section className={officer.card} aria-labelledby="by-hour">
        <h2 id="by-hour">{words.chart}</h2>
        <p>{words.chartHint}</p>
        <Chart hours={unit.hours} />
        <ByHour hours={unit.hours} />
      </section>
    </>
  );
}

function ByPriority({ unit: { rings } }: { unit: UnitFigures }) {
  return (
    <div className={styles.wide}>
      <table className={risk.table}>
        <caption>{words.byPriority}</caption>
        <thead>
          <tr>
            <th scope="col">{words.columns.priority}</th>
            <th scope="col">{words.columns.rings}</th>
            <th scope="col">{words.columns.minute}</th>
            <th scope="col">{words.columns.five}</th>
            <th scope="col">{words.columns.fifteen}</th>
          </tr>
        </thead>
        <tbody>
          {rings.map((of) => (
            <tr key={of.priority}>
              <th scope="row">{t.priority[of.priority]}</th>
              <td>{of.rings}</td>
              <td>{share(of.answered_1, of.rings)}</td>
              <td>{share(of.answered_5, of.rings)}</td>
              <td>{share(of.answered_15, of.rings)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Stat({ stat }: { stat: UnitFigures["stat"] }) {
  if (!stat) {
    return <p>{words.statFew}</p>;
  }
  return (
    <p>
      {words.statLine(stat.sent, stat.acknowledged, stat.unneeded)}{" "}
      <strong>{words.statShare(share(stat.unneeded, stat.sent))}</strong>
    </p>
  );
}

/** The table below says the same; to a screen reader the bars are one picture. */
function Chart({ hours }: { hours: readonly HourFigures[] }) {
  const top = most(hours);
  return (
    <div className={styles.chart} role="img" aria-label={words.chart}>
      {Array.from({ length: 24 }, (_, hour) => {
        const of = hours.find((each) => each.hour === hour);
        const [routine, urgent, stat] = of?.rings ?? [0, 0, 0];
        const at = words.hourOf(hour);
        return (
          <div
            key={at}
            className={styles.hour}
            data-left-out={of ? undefined : true}
            title={of ? words.bar(at, routine, urgent, stat) : words.tooSmall}
          >
            <span data-priority="stat" style={{ blockSize: `${(stat / top) * 100}%` }} />
            <span data-priority="urgent" style={{ blockSize: `${(urgent / top) * 100}%` }} />
            <span data-priority="routine" style={{ blockSize: `${(routine / top) * 100}%` }} />
            {hour % 6 === 0 ? <small>{at}</small> : null}
          </div>
        );
      })}
    </div>
  );
}

function ByHour({ hours }: { hours: readonly HourFigures[] }) {
  return (
    <table className={risk.table}>
      <caption>{words.byHour}</caption>
      <thead>
        <tr>
          <th scope="col">{words.columns.hour}</th>
          <th scope="col">{words.columns.rings}</th>
          <th scope="col">{words.columns.perPerson}</th>
        </tr>
      </thead>
      <tbody>
        {hours.map((of) => (
          <tr key={of.hour}>
            <th scope="row">{words.hourOf(of.hour)}</th>
            <td>{total(of)}</td>
            <td>{perPerson(of)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
