/** Below a STAT message: how it stands, and everything that happened. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { MessageView } from "../core/methods";
import { useApi, useStatus } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Stat.module.css";
import { Timeline } from "./Timeline";
import { standing } from "./timeline";
import { usePage } from "./usePage";

export function StatLine({ group, message }: { group: string; message: MessageView }) {
  const me = useStatus().data?.user?.id;
  const { page } = usePage(group, message);
  if (!page) {
    return null;
  }
  return (
    <div className={styles.line} data-state={page.state}>
      <Happened page={page} />
      {page.state === "waiting" && page.sender.id === me ? <Withdraw id={page.id} /> : null}
    </div>
  );
}

/** Open while it is not well. */
export function Happened({ page }: { page: EscalationInfo }) {
  const well = page.state === "acknowledged" || page.state === "withdrawn";
  return (
    <details open={!well} key={page.state} data-state={page.state} className={styles.happened}>
      <summary>
        <span role="status">{standing(page)}</span>
      </summary>
      <Timeline page={page} />
      {page.failed ? <p className={styles.todo}>{todo(page)}</p> : null}
    </details>
  );
}

/** What the one who is told has to do. */
function todo({ call }: EscalationInfo): string {
  return call ? `${t.stat.call(call)}.` : t.stat.doMine;
}

function Withdraw({ id }: { id: string }) {
  const withdraw = useApi("withdrawStat");
  const [sure, setSure] = useState(false);
  return (
    <>
      <Button variant="default" size="sm" onClick={() => setSure(true)}>
        {t.stat.withdraw}
      </Button>
      <Ask
        opened={sure}
        title={t.stat.withdrawTitle}
        text={t.stat.withdrawText}
        action={t.stat.withdraw}
        busy={withdraw.isPending}
        onNo={() => setSure(false)}
        onYes={() =>
          withdraw.mutate(
            { id },
            {
              onSuccess: () => tell("done", t.stat.withdrawn),
              onError: tellFailure,
              onSettled: () => setSure(false),
            },
          )
        }
      />
    </>
  );
}
