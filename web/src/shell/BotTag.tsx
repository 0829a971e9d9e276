/** Marks a program among people. */
import { t } from "../texts";
import styles from "./BotTag.module.css";

export function BotTag() {
  return <span className={styles.tag}>{t.members.bot}</span>;
}
