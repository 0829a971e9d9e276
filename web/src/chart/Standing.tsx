/** How a value stands, by a shape and in words. */
import { ArrowDown, ArrowUp, ChevronsDown, ChevronsUp, Diamond, OctagonAlert } from "lucide-react";
import styles from "./Chart.module.css";
import { isCritical, type Standing as Kind } from "./trends";
import { standingText } from "./words";

const ICONS = {
  critical_high: ChevronsUp,
  critical_low: ChevronsDown,
  critical: OctagonAlert,
  high: ArrowUp,
  low: ArrowDown,
  abnormal: Diamond,
} as const;

/** Nothing for what is usual. */
export function Standing({ standing }: { standing: Kind }) {
  if (standing === "usual") {
    return null;
  }
  const Icon = ICONS[standing];
  return (
    <span className={styles.standing} data-critical={isCritical(standing) || undefined}>
      <Icon aria-hidden />
      {standingText(standing)}
    </span>
  );
}
