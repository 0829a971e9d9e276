/** Messages of the hospital's other systems that could not be applied: why, and once more. */
import { Button, TextInput } from "@mantine/core";
import { useId, useRef, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, useDeadLetters } from "../core/queries";
import type { DeadLetter } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Officer.module.css";

export function Feeds() {
  const list = useDeadLetters();
  const heading = useRef<HTMLHeadingElement>(null);
  const replay = useApi("replayLetter");
  const [dismissing, setDismissing] = useState<DeadLetter | null>(null);
  // The buttons that were pressed are gone with what they did.
  const toHeading = () => heading.current?.focus();
  return (
    <section className={styles.card} aria-labelledby="feeds">
      <h2 id="feeds" ref={heading} tabIndex={-1}>
        {t.feeds.title}
      </h2>
      <p>{t.feeds.hint}</p>
      {list.isPending ? <Waiting /> : null}
      {list.error ? <p role="alert">{list.error.message}</p> : null}
      {list.data ? <p role="status">{t.feeds.counts(list.data.dead, list.data.waiting)}</p> : null}
      {list.data && list.data.letters.length > 0 ? (
        <ul aria-label={t.feeds.list}>
          {list.data.letters.map((letter) => (
            <li key={letter.id} className={styles.recovery}>
              <strong>{t.feeds.from(letter.kind, letter.application, letter.facility)}</strong>
              <span>
                {letter.place
                  ? t.feeds.at(letter.reason, letter.place)
                  : t.feeds.why(letter.reason)}
              </span>
              <span>{t.feeds.came(letter.control_id, moment(letter.received_at, Date.now()))}</span>
              <div className={styles.does}>
                <Button
                  variant="subtle"
                  color="red"
                  aria-label={t.feeds.dismissOf(letter.control_id)}
                  onClick={() => setDismissing(letter)}
                >
                  {t.feeds.dismiss}
                </Button>
                <Button
                  variant="light"
                  aria-label={t.feeds.replayOf(letter.control_id)}
                  loading={replay.isPending && replay.variables?.id === letter.id}
                  onClick={() =>
                    replay.mutate(
                      { id: letter.id },
                      {
                        onSuccess: () => {
                          tell("done", t.feeds.replayed);
                          toHeading();
                        },
                        onError: tellFailure,
                      },
                    )
                  }
                >
                  {t.feeds.replay}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      ) : null}
      {list.data?.next ? <p>{t.feeds.more}</p> : null}
      <Dismiss
        letter={dismissing}
        onDone={() => {
          setDismissing(null);
          toHeading();
        }}
        onClose={() => setDismissing(null)}
      />
    </section>
  );
}

function Dismiss({
  letter: asked,
  onDone,
  onClose,
}: {
  letter: DeadLetter | null;
  onDone(): void;
  onClose(): void;
}) {
  const letter = useLast(asked);
  const dismiss = useApi("dismissLetter");
  const [reason, setReason] = useState("");
  const id = useId();
  const close = () => {
    dismiss.reset();
    setReason("");
    onClose();
  };
  return (
    <Ask
      opened={asked !== null}
      title={t.feeds.dismissTitle(letter?.control_id ?? "")}
      text={t.feeds.dismissText}
      action={t.feeds.dismiss}
      busy={dismiss.isPending}
      onNo={close}
      onYes={() => {
        if (asked && reason.trim()) {
          dismiss.mutate(
            { id: asked.id, reason: reason.trim() },
            {
              onSuccess: () => {
                setReason("");
                onDone();
              },
            },
          );
        }
      }}
    >
      <TextInput
        id={id}
        label={t.feeds.reason}
        description={t.feeds.reasonHint}
        required
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Refused lines={dismiss.error ? [told(dismiss.error)] : []} />
    </Ask>
  );
}
