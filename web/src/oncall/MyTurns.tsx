/** One's own turns, and asking somebody to take one over. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { PersonBrief, ScheduledRole, Swap } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { PeopleSearch } from "../people/PeopleSearch";
import { Ask } from "../shell/Ask";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import { HandOver } from "./HandOver";
import own from "./OnCall.module.css";
import { askedAbout, type OwnTurn, turnsOf } from "./words";

export function MyTurns({
  roles,
  swaps,
  me,
  now,
}: {
  roles: readonly ScheduledRole[];
  swaps: readonly Swap[];
  me: string | undefined;
  now: number;
}) {
  const turns = turnsOf(roles, me, now);
  return (
    <section className={styles.card} aria-labelledby="my-turns">
      <h2 id="my-turns">{t.onCall.mine}</h2>
      {turns.length === 0 ? <p>{t.onCall.noTurns}</p> : null}
      <ul className={own.rows}>
        {turns.map((each) => (
          <MyTurn
            key={`${each.role.slug} ${each.turn.from}`}
            own={each}
            asked={askedAbout(swaps, each, me)}
            me={me}
            now={now}
          />
        ))}
      </ul>
    </section>
  );
}

function MyTurn({
  own: { role, turn },
  asked,
  me,
  now,
}: {
  own: OwnTurn;
  asked: readonly Swap[];
  me: string | undefined;
  now: number;
}) {
  const [asking, setAsking] = useState(false);
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const ask = useApi("askSwap");
  const running = turn.from <= now;
  const time = t.onCall.span(
    running ? t.onCall.now : moment(turn.from, now),
    moment(turn.until, now),
  );
  const close = () => {
    setPerson(null);
    ask.reset();
  };
  return (
    <li className={own.turn}>
      <div className={own.words}>
        <strong>{role.title}</strong>
        <span className={running ? own.now : undefined}>{time}</span>
      </div>
      {asked.map((swap) => (
        <Asked key={swap.id} swap={swap} />
      ))}
      {asking ? (
        <>
          <p>{t.onCall.askHint}</p>
          <section className={styles.search} aria-label={t.onCall.askWho}>
            <PeopleSearch
              chosen={person ? [person] : []}
              hidden={new Set(me ? [me] : [])}
              onToggle={setPerson}
              anyone
            />
          </section>
          <Button variant="default" onClick={() => setAsking(false)}>
            {t.cancel}
          </Button>
        </>
      ) : (
        <div className={styles.does}>
          <HandOver role={role} turn={turn} me={me} now={now} />
          <Button
            variant="light"
            aria-label={t.onCall.askAbout(role.title, time)}
            onClick={() => setAsking(true)}
          >
            {t.onCall.ask}
          </Button>
        </div>
      )}
      <Ask
        opened={person !== null}
        title={t.onCall.askTitle(person?.name ?? "")}
        text={t.onCall.askText(role.title, time)}
        action={t.onCall.askAction}
        busy={ask.isPending}
        onNo={close}
        onYes={() => {
          if (person) {
            ask.mutate(
              { role: role.slug, from: turn.from, until: turn.until, asked_of: person.id },
              {
                onSuccess: () => {
                  tell("done", t.onCall.asked(person.name));
                  setAsking(false);
                  close();
                },
              },
            );
          }
        }}
      >
        <Refused lines={ask.error ? [told(ask.error)] : []} />
      </Ask>
    </li>
  );
}

function Asked({ swap: { id, state, asked_of } }: { swap: Swap }) {
  const answer = useApi("answerSwap");
  if (state === "declined") {
    return <p className={own.asked}>{t.onCall.saidNo(asked_of.name)}</p>;
  }
  return (
    <div className={own.asked}>
      <span>{t.onCall.waits(asked_of.name)}</span>
      <Button
        variant="subtle"
        color="red"
        aria-label={t.onCall.withdrawOf(asked_of.name)}
        loading={answer.isPending}
        onClick={() =>
          answer.mutate(
            { id, answer: "withdraw" },
            { onSuccess: () => tell("done", t.onCall.withdrawn) },
          )
        }
      >
        {t.onCall.withdraw}
      </Button>
      <Refused lines={answer.error ? [told(answer.error)] : []} />
    </div>
  );
}
