/** Why the person may look at this chart, in one quiet line. */
import type { AccessReason } from "../core/wire";
import styles from "./Chart.module.css";
import { becauseText } from "./words";

export function Because({ reason }: { reason: AccessReason }) {
  return <p className={styles.because}>{becauseText(reason)}</p>;
}
