/** Who is asked how often, by role, shift and facility: rules that weigh on one group are seen. */
import { TriangleAlert } from "lucide-react";
import { useRiskReport } from "../core/queries";
import type { RiskGroup, RiskReport } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { useWide } from "../shell/useNarrow";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { date } from "../texts/time";
import styles from "./Risk.module.css";
import { groupName, isAskedMore, percent, ratioWords } from "./words";

const BY = ["role", "shift", "facility"] as const;

export function Report() {
  const report = useRiskReport();
  return (
    <section className={officer.card} aria-labelledby="report">
      <h2 id="report">{t.risk.report}</h2>
      {report.isPending ? <Waiting /> : null}
      {report.error ? <p role="alert">{report.error.message}</p> : null}
      {report.data ? <Groups report={report.data} /> : null}
    </section>
  );
}

function Groups({ report: { from, to, groups, few } }: { report: RiskReport }) {
  if (groups.length === 0) {
    return <p>{t.risk.reportNone}</p>;
  }
  const now = Date.now();
  const more = groups.filter(isAskedMore).length;
  return (
    <>
      <p>{t.risk.reportHint(date(from, now), date(to, now))}</p>
      <p className={styles.verdict} data-more={more > 0 || undefined}>
        {more > 0 ? <TriangleAlert aria-hidden /> : null}
        {t.risk.more(more)}
      </p>
      {BY.map((by) => (
        <Table key={by} by={by} groups={groups.filter((group) => group.by === by)} />
      ))}
      <p>{t.risk.fewHint(few)}</p>
    </>
  );
}

function Table({ by, groups }: { by: RiskGroup["by"]; groups: readonly RiskGroup[] }) {
  const wide = useWide();
  const most = Math.max(...groups.map(({ asked_share }) => asked_share));
  const { columns } = t.risk;
  if (groups.length === 0) {
    return null;
  }
  return (
    <table className={styles.table}>
      <caption>{t.risk.by[by]}</caption>
      <thead>
        <tr>
          <th scope="col">{columns.group}</th>
          <th scope="col">{columns.asked}</th>
          {wide ? (
            <>
              <th scope="col">{columns.refused}</th>
              <th scope="col">{columns.confirmed}</th>
              <th scope="col">{columns.disowned}</th>
            </>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <Row key={group.name} group={group} most={most} wide={wide} />
        ))}
      </tbody>
    </table>
  );
}

/** `most`: the largest share in the table, whose bar is as long as there is room. */
function Row({ group, most, wide }: { group: RiskGroup; most: number; wide: boolean }) {
  const { asked, sign_ins, refused, confirmed, disowned, asked_share: share } = group;
  const more = isAskedMore(group);
  return (
    <tr data-more={more || undefined}>
      <th scope="row">{groupName(group)}</th>
      <td>
        <strong>{percent(share)}</strong> <span>{t.risk.counts(asked, sign_ins)}</span>
        <div className={styles.bar} aria-hidden>
          <div style={{ width: `${most > 0 ? (100 * share) / most : 0}%` }} />
        </div>
        <small className={styles.ratio}>
          {more ? <TriangleAlert aria-hidden /> : null}
          {ratioWords(group)}
        </small>
        {wide ? null : <small>{t.risk.outcomes(refused, confirmed, disowned)}</small>}
      </td>
      {wide ? (
        <>
          <td>{refused}</td>
          <td>{confirmed}</td>
          <td>{disowned}</td>
        </>
      ) : null}
    </tr>
  );
}
