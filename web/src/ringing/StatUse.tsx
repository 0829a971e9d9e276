/** How the person uses STAT, where they are about to: their own figures, and nobody else's. */
import { useStatUse } from "../core/queries";
import { t } from "../texts";
import styles from "./Ringing.module.css";
import { statUse } from "./words";

export function StatUse() {
  const { data } = useStatUse(true);
  // Whoever sends none yet is not to be held up.
  return data && data.sent > 0 ? <p className={styles.use}>{statUse(data)}</p> : null;
}

/** The same on the page of one's own settings. */
export function MyStatUse() {
  const { data } = useStatUse(true);
  return data ? (
    <>
      <h3>{t.rings.statUse.title}</h3>
      <p>{data.sent > 0 ? statUse(data) : t.rings.statUse.none}</p>
    </>
  ) : null;
}
