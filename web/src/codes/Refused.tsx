/** Why something was refused, and what to do. */
import styles from "./Codes.module.css";

export function Refused({ lines }: { lines: readonly string[] }) {
  return (
    <div role="alert" className={styles.refused}>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}
