/** A part of the chart. Where nothing stands in it, whether that is all that there is. */
import { ActionIcon } from "@mantine/core";
import { ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { t } from "../texts";
import styles from "./Chart.module.css";
import { type Part, partId, toTop } from "./jump";

export function Section({
  part,
  count,
  hidden,
  children,
}: {
  part: Part;
  count: number;
  /** How much of it is withheld. */
  hidden: number;
  children: ReactNode;
}) {
  return (
    <section className={styles.section} aria-labelledby={partId(part)}>
      <header>
        <h2 id={partId(part)} tabIndex={-1}>
          {t.chart[part]}
        </h2>
        <ActionIcon variant="subtle" aria-label={t.chart.toTop} onClick={toTop}>
          <ArrowUp aria-hidden />
        </ActionIcon>
      </header>
      {count > 0 ? (
        children
      ) : (
        <p className={styles.none}>{hidden > 0 ? t.chart.noneShown : t.chart.none}</p>
      )}
    </section>
  );
}
