/** A STAT message of one's own that has not left: said in plain words, with whom to call. */
import { Button } from "@mantine/core";
import { Phone, WifiOff } from "lucide-react";
import { useState } from "react";
import type { Unsent } from "../core/methods";
import { useCall, useStatus, useUnsent } from "../core/queries";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { address } from "../shell/routes";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Stat.module.css";
import { advice } from "./unsent";
import { useStuck } from "./useStuck";

const words = t.stat.unsent;

export function UnsentCard({
  unsent,
  to,
}: {
  unsent: Unsent;
  /** What its conversation is called. */
  to: string | undefined;
}) {
  const { id, group, written_at, late, problem } = unsent;
  const call = useStatus().data?.call;
  const retry = useCall("retry");
  return (
    <section className={styles.card} aria-labelledby={`unsent-${id}`}>
      <div className={styles.head} role="alert">
        <WifiOff aria-hidden />
        <h2 id={`unsent-${id}`}>
          <strong>STAT</strong> {words.title}
        </h2>
      </div>
      <p>{words.text(to, moment(written_at, Date.now()))}</p>
      <p className={styles.about}>{advice(unsent)}</p>
      <div className={styles.actions}>
        {call ? (
          <Button
            component="a"
            href={`tel:${call.replaceAll(/[ ()/]/g, "")}`}
            className={styles.take}
            color="red"
            size="lg"
            leftSection={<Phone aria-hidden />}
          >
            {t.stat.call(call)}
          </Button>
        ) : null}
        {late || problem ? (
          <Button
            variant="default"
            loading={retry.isPending}
            onClick={() => retry.mutate({ id }, { onError: tellFailure })}
          >
            {words.now}
          </Button>
        ) : null}
        <GiveUp id={id} />
      </div>
      <a className={styles.link} href={address({ at: "conversation", group })}>
        {t.stat.open}
      </a>
    </section>
  );
}

/** Below the message itself. */
export function UnsentLine({ id }: { id: string }) {
  const stuck = useStuck(useUnsent().data);
  if (!stuck.some((each) => each.id === id)) {
    return null;
  }
  return (
    <div className={styles.line}>
      <p className={styles.todo}>{words.yet}</p>
      <GiveUp id={id} />
    </div>
  );
}

function GiveUp({ id }: { id: string }) {
  const discard = useCall("discard");
  const [sure, setSure] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setSure(true)}>
        {words.discard}
      </Button>
      <Ask
        opened={sure}
        title={words.discardTitle}
        text={words.discardText}
        action={words.discard}
        busy={discard.isPending}
        onNo={() => setSure(false)}
        onYes={() =>
          discard.mutate(
            { id },
            {
              onSuccess: () => tell("done", words.discarded),
              onError: tellFailure,
              onSettled: () => setSure(false),
            },
          )
        }
      />
    </>
  );
}
