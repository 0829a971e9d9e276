/** Whether roles are told of critical results and alarms: what waits, and what nobody was told of. */
import type { CriticalHealth } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Officer.module.css";

export function Critical({ critical }: { critical: CriticalHealth }) {
  if (!critical.configured && critical.waiting === 0) {
    return null;
  }
  const { late, waiting, oldest_at, last_posted_at, roles } = critical;
  const now = Date.now();
  return (
    <section className={styles.card} aria-labelledby="critical">
      <h2 id="critical">{t.critical.title}</h2>
      <p>{t.critical.hint}</p>
      {late > 0 ? (
        <p role="alert">
          <strong>{t.critical.late(late, roles.join(", "))}</strong>
          {oldest_at ? ` ${t.critical.since(moment(oldest_at, now))}` : null}
        </p>
      ) : (
        <p role="status">{t.critical.waiting(waiting)}</p>
      )}
      <p>
        {last_posted_at ? t.critical.posted(moment(last_posted_at, now)) : t.critical.postedNever}
      </p>
    </section>
  );
}
