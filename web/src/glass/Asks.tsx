/** What opening a closed chart will ask, and who will be told, before anybody begins. */
import { useExplanation } from "../core/queries";
import { t } from "../texts";
import styles from "./Glass.module.css";

export function Asks({ patient }: { patient: string }) {
  const { data } = useExplanation(patient);
  return (
    <ul className={styles.asks}>
      {data?.reason ? <li>{t.glass.leads(data.reason.sentence)}</li> : null}
      <li>{t.glass.asks}</li>
      <li>{t.glass.told}</li>
      {data?.minutes ? <li>{t.glass.opensFor(data.minutes)}</li> : null}
    </ul>
  );
}
