import { CircleAlert } from "lucide-react";
import { t } from "../texts";
import styles from "./Programs.module.css";

export function Warnings({ texts }: { texts: readonly string[] }) {
  return texts.length > 0 ? (
    <ul className={styles.warnings} aria-label={t.programs.warnings}>
      {texts.map((text) => (
        <li key={text}>
          <CircleAlert aria-hidden />
          {text}
        </li>
      ))}
    </ul>
  ) : null;
}
