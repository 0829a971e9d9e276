/** Which policies differ, line by line: by sign and colour for the eye, in words for the ear. */
import type { DiffLine, PolicyChange } from "../core/wire";
import { t } from "../texts";
import styles from "./Policies.module.css";

export function Diff({ changes }: { changes: readonly PolicyChange[] }) {
  if (changes.length === 0) {
    return <p className={styles.small}>{t.policies.noChanges}</p>;
  }
  return (
    <div className={styles.diffs}>
      <h3>{t.policies.changes(changes.length)}</h3>
      {changes.map((change) => (
        <div key={`${change.part} ${change.file} ${change.id}`} className={styles.diff}>
          <h4>
            {change.part === "policy"
              ? t.policies.change[change.kind](change.id)
              : t.policies.part[change.part](change.file)}
            {change.id === change.file ? null : <code>{change.file}</code>}
          </h4>
          <ol>
            {change.lines.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines may repeat and never move
              <Line key={at} line={line} />
            ))}
          </ol>
        </div>
      ))}
    </div>
  );
}

function Line({ line: { sign, text } }: { line: DiffLine }) {
  return (
    <li data-sign={sign}>
      <span aria-hidden>{sign}</span>
      {sign === " " ? null : <span className="visually-hidden">{t.policies.sign[sign]} </span>}
      <code>{text}</code>
    </li>
  );
}
