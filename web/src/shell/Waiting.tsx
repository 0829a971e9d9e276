import { Loader } from "@mantine/core";
import { t } from "../texts";
import styles from "./Waiting.module.css";

export function Waiting() {
  return (
    <div className={styles.waiting} role="status">
      <Loader color="var(--accent-ink)" size="sm" aria-hidden />
      <span className="visually-hidden">{t.loading}</span>
    </div>
  );
}
