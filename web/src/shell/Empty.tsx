import type { ReactNode } from "react";
import styles from "./Empty.module.css";

export function Empty({ icon, title, text }: { icon?: ReactNode; title: string; text?: string }) {
  return (
    <div className={styles.empty}>
      {icon}
      <p className={styles.title}>{title}</p>
      {text ? <p>{text}</p> : null}
    </div>
  );
}
