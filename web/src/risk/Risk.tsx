/** The security officers' page of unusual sign-ins: what is asked from when on, whose sign-ins were
 * unusual, and who is asked how often. */

import { useRisk } from "../core/queries";
import type { RiskThreshold } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { OfficerPage } from "../officer/OfficerPage";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Everyone } from "./Everyone";
import { Report } from "./Report";
import styles from "./Risk.module.css";
import { thresholdWords } from "./words";

export default function Risk() {
  const risk = useRisk();
  return (
    <OfficerPage at="risk" title={t.risk.title}>
      {risk.isPending ? <Waiting /> : null}
      {risk.error ? <Empty title={t.failure.title} text={risk.error.message} /> : null}
      {risk.data ? (
        <>
          <Thresholds thresholds={risk.data.thresholds} />
          <Everyone signIns={risk.data.sign_ins} />
          <Report />
        </>
      ) : null}
    </OfficerPage>
  );
}

function Thresholds({ thresholds }: { thresholds: readonly RiskThreshold[] }) {
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
    </section>
  );
}
