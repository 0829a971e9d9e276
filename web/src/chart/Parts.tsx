/** The way to each part of the chart, in reach of a thumb. */
import {
  BedDouble,
  ClipboardList,
  FileText,
  FlaskConical,
  NotebookText,
  Pill,
  Scissors,
  SquareActivity,
} from "lucide-react";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";
import styles from "./Chart.module.css";
import { PARTS, type Part, toPart } from "./jump";

const ICONS = {
  labs: FlaskConical,
  vitals: SquareActivity,
  medications: Pill,
  reports: FileText,
  procedures: Scissors,
  plans: ClipboardList,
  encounters: BedDouble,
} as const;

export function Parts({ notes, counts }: { notes: Route; counts: Readonly<Record<Part, number>> }) {
  return (
    <nav className={styles.parts} aria-label={t.chart.parts}>
      {PARTS.map((part) => {
        const Icon = ICONS[part];
        return (
          <button key={part} type="button" onClick={() => toPart(part)}>
            <Icon aria-hidden />
            <span>{t.chart[part]}</span>
            <span className="visually-hidden">, {t.chart.counted(counts[part])}</span>
            {counts[part] > 0 ? (
              <span className={styles.count} aria-hidden>
                {counts[part]}
              </span>
            ) : null}
          </button>
        );
      })}
      <a href={address(notes)}>
        <NotebookText aria-hidden />
        <span>{t.chart.notes}</span>
      </a>
    </nav>
  );
}
