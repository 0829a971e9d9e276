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
import { lineOf, standing, together, worst } from "./timeline";
import { usePages } from "./usePage";

export function StatLine({ group, message }: { group: string; message: MessageView }) {
  const me = useStatus().data?.user?.id;
  const { pages } = usePages(group, message);
  if (pages.length === 0) {
    return null;
  }
  // Taking one back takes the message back, whomever it asks for.
  const open = pages.find(({ state, sender }) => state === "waiting" && sender.id === me);
  return (
    <div className={styles.line} data-state={worst(pages)}>
      <Happened pages={pages} />
      {open ? <Withdraw id={open.id} /> : null}
    </div>
  );
}

/** Open while it is not well. */
export function Happened({ pages }: { pages: readonly EscalationInfo[] }) {
  const [page] = pages;
  if (!page) {
    return null;
  }
  return pages.length === 1 ? <One page={page} /> : <Team pages={pages} of={page.team ?? ""} />;
}

/** A code team: each role with how it stands, and what happened to it. */
function Team({ pages, of }: { pages: readonly EscalationInfo[]; of: string }) {
  const state = worst(pages);
  return (
    <section className={styles.happened} data-state={state} aria-label={t.stat.lines.label(of)}>
      <p className={styles.sum}>
        <span role="status">{together(pages)}</span>
      </p>
      <ul className={styles.lines}>
        {pages.map((page) => (
          <li key={page.id} data-state={page.state}>
            <details>
              <summary>{lineOf(page)}</summary>
              <Timeline page={page} />
            </details>
            {page.failed ? <p className={styles.todo}>{todo(page)}</p> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function One({ page }: { page: EscalationInfo }) {
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
