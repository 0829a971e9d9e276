/** What must be known before anything else, on the first screen. */
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { ChartItem, PatientChart } from "../core/wire";
import { t } from "../texts";
import { date, moment } from "../texts/time";
import styles from "./Chart.module.css";
import { topId } from "./jump";
import { Standing } from "./Standing";
import { isCritical, now as nowOf, type Trend } from "./trends";
import { hidden, statusText, withUnit } from "./words";

/** As many as leave room for the rest on the first screen of a small phone. */
const CRITICAL = 3;
const PROBLEMS = 4;
const PEOPLE = 2;

export function Summary({
  chart,
  trends,
  now,
  onOpen,
}: {
  chart: PatientChart;
  trends: readonly Trend[];
  now: number;
  onOpen(trend: Trend): void;
}) {
  const [allCritical, setAllCritical] = useState(false);
  const critical = trends.filter((trend) => isCritical(nowOf(trend)));
  const { precautions, problems, care_team, withheld, in_part } = chart;
  const kept = hidden(withheld, ["Condition"]);
  return (
    <section className={styles.summary} aria-labelledby={topId}>
      <h2 id={topId} tabIndex={-1} className="visually-hidden">
        {t.chart.essentials}
      </h2>
      {critical.length > 0 ? (
        <ul className={styles.critical} aria-label={t.chart.critical}>
          {critical.slice(0, allCritical ? critical.length : CRITICAL).map((trend) => (
            <li key={trend.code}>
              <Critical trend={trend} now={now} onOpen={() => onOpen(trend)} />
            </li>
          ))}
        </ul>
      ) : null}
      {critical.length > CRITICAL ? (
        <Toggle
          all={allCritical}
          of={critical.length}
          what={t.chart.critical}
          onToggle={setAllCritical}
        />
      ) : null}
      <dl>
        {precautions.length > 0 ? (
          <div>
            <dt>{t.chart.precautions}</dt>
            <dd>
              <ul className={styles.precautions}>
                {precautions.map(({ id, name }) => (
                  <li key={id}>
                    <TriangleAlert aria-hidden />
                    {name}
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        ) : null}
        {in_part && problems.length === 0 ? null : (
          <div>
            <dt>{t.chart.problems}</dt>
            <dd>
              {problems.length > 0 ? (
                <Problems problems={problems} now={now} />
              ) : kept > 0 ? (
                t.chart.noneShown
              ) : (
                t.chart.noProblems
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>{t.chart.team}</dt>
          <dd>
            <Team chart={chart} />
            {care_team.length === 0 ? t.chart.noTeam : null}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Critical({ trend, now, onOpen }: { trend: Trend; now: number; onOpen(): void }) {
  const [latest] = trend.readings;
  return latest ? (
    <button type="button" aria-haspopup="dialog" onClick={onOpen}>
      <strong>{trend.name}</strong>
      <strong>{withUnit(latest.text, trend.unit)}</strong>
      <Standing standing={nowOf(trend)} />
      <span>{latest.at === null ? t.chart.noTime : moment(latest.at, now)}</span>
    </button>
  ) : null;
}

/** In a line as long as they are few; all of them, with their dates, for who asks. */
function Problems({ problems, now }: { problems: readonly ChartItem[]; now: number }) {
  const [all, setAll] = useState(false);
  return (
    <>
      {all ? (
        <ul className={styles.rows}>
          {problems.map(({ id, name, at, status }) => (
            <li key={id}>
              {name}
              <span>
                {[typeof at === "number" ? t.chart.since(date(at, now)) : null, statusText(status)]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <span>
          {problems
            .slice(0, PROBLEMS)
            .map(({ name }) => name)
            .join(" · ")}{" "}
        </span>
      )}
      <Toggle
        all={all}
        of={problems.length > PROBLEMS ? problems.length : null}
        what={t.chart.problems}
        onToggle={setAll}
      />
    </>
  );
}

function Team({ chart: { care_team } }: { chart: PatientChart }) {
  const [all, setAll] = useState(false);
  return (
    <>
      {all ? (
        <ul className={styles.rows}>
          {care_team.map(({ id, name, role, department }) => (
            <li key={id}>
              {name}
              <span>
                {role}, {department}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <span>
          {care_team
            .slice(0, PEOPLE)
            .map(({ name, role }) => `${name}, ${role}`)
            .join(" · ")}{" "}
        </span>
      )}
      {care_team.length > PEOPLE ? (
        <Toggle all={all} of={care_team.length} what={t.chart.team} onToggle={setAll} />
      ) : null}
    </>
  );
}

function Toggle({
  all,
  of,
  what,
  onToggle,
}: {
  all: boolean;
  /** Of how many some are shown; null where all are, and what opens is more of each. */
  of: number | null;
  what: string;
  onToggle(all: boolean): void;
}) {
  return (
    <button
      type="button"
      className={styles.toggle}
      aria-expanded={all}
      onClick={() => onToggle(!all)}
    >
      {of === null
        ? all
          ? t.chart.withoutDates
          : t.chart.withDates
        : all
          ? t.chart.fewer
          : t.chart.all(of)}
      <span className="visually-hidden">, {what}</span>
    </button>
  );
}
