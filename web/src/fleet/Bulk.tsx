/** The same with many devices: what is chosen, and what can be done with it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../core/queries";
import type { BulkAction, BulkOutcome, DeviceInfo } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Fleet.module.css";

export function Bulk({
  chosen,
  unseen,
  onDone,
}: {
  chosen: readonly DeviceInfo[];
  /** How many of them are not drawn. */
  unseen: number;
  onDone(): void;
}) {
  const [asking, setAsking] = useState<"lost" | "retire" | null>(null);
  const bulk = useApi("bulk");
  const run = (action: BulkAction) =>
    bulk.mutate(
      { action, ids: chosen.map(({ id }) => id) },
      {
        onSuccess: (outcomes) => {
          tellOutcomes(outcomes);
          onDone();
        },
        onError: tellFailure,
        onSettled: () => setAsking(null),
      },
    );
  return (
    <>
      {chosen.length > 0 ? (
        <section className={styles.bulk} aria-label={t.fleet.chosen(chosen.length, unseen)}>
          <strong>{t.fleet.chosen(chosen.length, unseen)}</strong>
          <Button variant="subtle" onClick={onDone}>
            {t.fleet.clear}
          </Button>
          <Button
            variant="default"
            loading={bulk.isPending && bulk.variables.action === "assess"}
            onClick={() => run("assess")}
          >
            {t.fleet.assess}
          </Button>
          <Button
            variant="default"
            loading={bulk.isPending && bulk.variables.action === "request_update"}
            onClick={() => run("request_update")}
          >
            {t.fleet.update}
          </Button>
          <Button variant="light" color="red" onClick={() => setAsking("retire")}>
            {t.fleet.retire}
          </Button>
          <Button color="red" onClick={() => setAsking("lost")}>
            {t.fleet.lost}
          </Button>
        </section>
      ) : null}
      <Ask
        opened={asking !== null}
        title={asking ? t.fleet.bulkTitle[asking](chosen.length) : ""}
        text={t.fleet.bulkText}
        action={asking === "lost" ? t.fleet.lost : t.fleet.retire}
        busy={bulk.isPending}
        onNo={() => setAsking(null)}
        onYes={() => {
          if (asking) {
            run(asking);
          }
        }}
      />
    </>
  );
}

/** Tells how many it was done for, and what stood in the way of the first of the others. */
export function tellOutcomes(outcomes: readonly BulkOutcome[]): void {
  const failed = outcomes.filter(({ done }) => !done);
  if (failed.length < outcomes.length) {
    tell("done", t.fleet.bulkDone(outcomes.length - failed.length));
  }
  if (failed.length > 0) {
    tell("problem", t.fleet.bulkFailed(failed.length, failed[0]?.problem ?? ""));
  }
}
