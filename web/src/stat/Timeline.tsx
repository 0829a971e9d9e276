/** What became of a STAT message, line by line. */
import type { EscalationInfo } from "../core/wire";
import { t } from "../texts";
import { clock } from "../texts/time";
import styles from "./Stat.module.css";
import { steps } from "./timeline";

export function Timeline({ page }: { page: EscalationInfo }) {
  return (
    <ol className={styles.steps} aria-label={t.stat.steps.label}>
      {steps(page).map(({ at, kind, text }) => (
        <li key={`${kind} ${text}`} data-kind={kind}>
          {at === null ? <span /> : <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>}
          <span>{text}</span>
        </li>
      ))}
    </ol>
  );
}
