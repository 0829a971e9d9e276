/** What was found in a file that is to be imported: what keeps it from that, and what to look at. */
import styles from "./Findings.module.css";

export function Findings({
  title,
  findings,
  stops,
}: {
  title: string;
  findings: readonly { words: string; stops: boolean }[];
  /** Those that stop it, or the others. */
  stops: boolean;
}) {
  const shown = findings.filter((finding) => finding.stops === stops);
  if (shown.length === 0) {
    return null;
  }
  return (
    <div className={styles.found} data-stops={stops || undefined}>
      <strong>{title}</strong>
      <ul>
        {shown.map(({ words }) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </div>
  );
}
