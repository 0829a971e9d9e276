/** One tap after acknowledging a STAT message: it did not need to be one. */
import { Button } from "@mantine/core";
import { useApi } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Ringing.module.css";

export function StatMark({ group, seq }: { group: string; seq: number }) {
  const mark = useApi("unneeded");
  return (
    <span className={styles.mark} role="status">
      {mark.isSuccess ? (
        t.rings.unneededDone
      ) : (
        <Button
          size="xs"
          variant="subtle"
          aria-busy={mark.isPending}
          onClick={() => mark.mutate({ group, seq }, { onError: tellFailure })}
        >
          {t.rings.unneeded}
        </Button>
      )}
    </span>
  );
}
