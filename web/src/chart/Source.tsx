/** One line of how fresh the chart is, where it comes from the hospital's record system. */
import { Button } from "@mantine/core";
import { CloudOff, History } from "lucide-react";
import type { ChartSource } from "../core/wire";
import { t } from "../texts";
import styles from "./Chart.module.css";
import { sourceText } from "./words";

export function Source({
  source,
  isFetching,
  onAgain,
}: {
  source: ChartSource;
  isFetching: boolean;
  onAgain(): void;
}) {
  const { says, leftOut, isOld } = sourceText(source, Date.now());
  if (!isOld && !leftOut) {
    return <p className={styles.source}>{says}</p>;
  }
  const Icon = source.state === "away" ? CloudOff : History;
  return (
    <div className={styles.stale} role="status">
      <Icon aria-hidden />
      <p>
        {says}
        {leftOut ? ` ${leftOut}` : null}
      </p>
      {isOld ? (
        <Button size="xs" variant="default" loading={isFetching} onClick={onAgain}>
          {t.chart.reload}
        </Button>
      ) : null}
    </div>
  );
}
