/** The security officers' page of unusual sign-ins: what is asked from when on, whose sign-ins were
 * unusual, and who is asked how often. */

import { TriangleAlert } from "lucide-react";
import { useRisk } from "../core/queries";
import type { RiskOverview } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { OfficerPage } from "../officer/OfficerPage";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Everyone } from "./Everyone";
import { Report } from "./Report";
import styles from "./Risk.module.css";
import { rulesOf, ruleWords, thresholdWords } from "./words";

export default function Risk() {
  const risk = useRisk();
  return (
    <OfficerPage at="risk" title={t.risk.title}>
      {risk.isPending ? <Waiting /> : null}
      {risk.error ? <Empty title={t.failure.title} text={risk.error.message} /> : null}
      {risk.data ? (
        <>
          {risk.data.waiting > 0 ? (
            <p role="status" className={styles.waiting}>
              <TriangleAlert aria-hidden />
              {t.risk.waitingHint(risk.data.waiting)}
            </p>
          ) : null}
          <Thresholds of={risk.data} />
          <Everyone signIns={risk.data.sign_ins} />
          <Report />
        </>
      ) : null}
    </OfficerPage>
  );
}

function Thresholds({ of: { thresholds, rules, sessions } }: { of: RiskOverview }) {
  return (
    <section className={officer.card} aria-labelledby="thresholds">
      <h2 id="thresholds">{t.risk.thresholds}</h2>
      <p>{t.risk.thresholdsHint}</p>
      <ol className={styles.thresholds}>
        {thresholds.map((threshold) => (
          <li key={threshold.asks} data-asks={threshold.asks}>
            {thresholdWords(threshold)}
          </li>
        ))}
      </ol>
      <h3 id="rules">{t.risk.rules}</h3>
      <p>{sessions > 0 ? t.risk.rulesHint(sessions) : t.risk.rulesNone}</p>
      {sessions > 0 ? (
        <ul className={styles.thresholds} aria-labelledby="rules">
          {rulesOf(rules).map((rule) => (
            <li key={rule.name}>{ruleWords(rule, sessions)}</li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
