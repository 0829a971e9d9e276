/** Swaps that wait for this person's answer. */
import { Button } from "@mantine/core";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { Swap } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { Avatar } from "../shell/Avatar";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import own from "./OnCall.module.css";
import { toAnswer } from "./words";

export function Requests({
  swaps,
  me,
  now,
}: {
  swaps: readonly Swap[];
  me: string | undefined;
  now: number;
}) {
  const waiting = toAnswer(swaps, me);
  if (waiting.length === 0) {
    return null;
  }
  return (
    <section className={styles.card} aria-labelledby="swap-requests">
      <h2 id="swap-requests">{t.onCall.requests}</h2>
      <ul className={own.rows}>
        {waiting.map((swap) => (
          <Request key={swap.id} swap={swap} now={now} />
        ))}
      </ul>
    </section>
  );
}

function Request({ swap: { id, asked_by, title, from, until }, now }: { swap: Swap; now: number }) {
  const answer = useApi("answerSwap");
  const say = (what: "agree" | "decline") =>
    answer.mutate(
      { id, answer: what },
      {
        onSuccess: () =>
          tell("done", what === "agree" ? t.onCall.agreed(title) : t.onCall.declined),
      },
    );
  return (
    <li className={own.turn}>
      <div className={styles.person}>
        <Avatar id={asked_by.id} name={asked_by.name} />
        <div>
          <strong>{t.onCall.request(asked_by.name, title)}</strong>
          <span>
            {t.onCall.span(from <= now ? t.onCall.now : moment(from, now), moment(until, now))}
          </span>
        </div>
      </div>
      <Refused lines={answer.error ? [told(answer.error)] : []} />
      <div className={styles.does}>
        <Button
          variant="default"
          aria-label={t.onCall.declineTo(asked_by.name, title)}
          disabled={answer.isPending}
          onClick={() => say("decline")}
        >
          {t.onCall.decline}
        </Button>
        <Button
          aria-label={t.onCall.agreeTo(asked_by.name, title)}
          loading={answer.isPending}
          onClick={() => say("agree")}
        >
          {t.onCall.agree}
        </Button>
      </div>
    </li>
  );
}
