import type { NoteLabel } from "../core/wire";
import { t } from "../texts";
import { labelWords } from "./arrange";
import styles from "./Notes.module.css";

/** What makes a note sensitive, as small tags. */
export function Labels({ labels }: { labels: readonly NoteLabel[] }) {
  return labels.length > 0 ? (
    <ul className={styles.labels} aria-label={t.notes.labels}>
      {labels.map((label) => (
        <li key={label.code}>{labelWords(label)}</li>
      ))}
    </ul>
  ) : null;
}
