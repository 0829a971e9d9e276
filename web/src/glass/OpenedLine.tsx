/** That the chart is open because the person broke the glass, and how to shut it. */
import { Button } from "@mantine/core";
import { LockOpen } from "lucide-react";
import { useApi, useOwnGlass } from "../core/queries";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { clock } from "../texts/time";
import styles from "./Glass.module.css";

export function OpenedLine({ patient }: { patient: string }) {
  const own = useOwnGlass();
  const end = useApi("endGlass");
  const open = own.data?.grants.find((each) => each.open && each.patient_id === patient);
  return open ? (
    <p className={styles.opened} role="status">
      <LockOpen aria-hidden />
      <span>{t.glass.openUntil(clock(open.until))}</span>
      <Button
        variant="subtle"
        loading={end.isPending}
        onClick={() =>
          end.mutate(
            { id: open.id },
            { onSuccess: () => tell("done", t.glass.ended), onError: tellFailure },
          )
        }
      >
        {t.glass.end}
      </Button>
    </p>
  ) : null;
}
