/** Somebody needs somebody now: who, where, what as far as this phone has it, and one tap to take it. */
import { Button } from "@mantine/core";
import { CheckCheck, Siren } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../core/failure";
import { useApi } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { address } from "../shell/routes";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Stat.module.css";
import { addressees, attempts, left, levelName, needs } from "./timeline";
import { useItsMessage } from "./useItsMessage";
import { useNow } from "./useNow";
import { type Asked, useTake } from "./useTake";

export function AskedCard({ me, onLater, ...asked }: Asked & { me: string; onLater(): void }) {
  const { ask, here } = asked;
  const { page, pages } = ask;
  const { id, group, seq, sender, next_level } = page;
  const { take, taking } = useTake(asked);
  const decline = useApi("declineStat");
  const [declining, setDeclining] = useState(false);
  const declineAll = async () => {
    const said = await Promise.allSettled(pages.map(({ id }) => decline.mutateAsync({ id })));
    setDeclining(false);
    const refused = said.find((each) => each.status === "rejected");
    if (refused) {
      tellFailure(toFailure(refused.reason));
    } else {
      tell("done", t.stat.declined);
    }
  };
  const at = moment(page.started_at, Date.now());
  return (
    <section className={styles.card} aria-labelledby={`stat-${id}`}>
      <div className={styles.head} role="alert">
        <Siren aria-hidden />
        <h2 id={`stat-${id}`}>
          <strong>STAT</strong> {needs(ask)}
        </h2>
      </div>
      <p className={styles.about}>
        {page.team
          ? t.stat.ofTeam(page.team, addressees(pages), at)
          : t.stat.about(addressees(pages), at)}
      </p>
      {here ? <Words group={group} seq={seq} /> : <p>{t.stat.sealed(sender.name)}</p>}
      {pages.every((each) => attempts(each, me) === 0) ? <p>{t.stat.quiet}</p> : null}
      <Left page={page} />
      <div className={styles.actions}>
        <Button
          className={styles.take}
          color="red"
          size="lg"
          leftSection={<CheckCheck aria-hidden />}
          loading={taking}
          onClick={take}
        >
          {t.stat.take}
        </Button>
        <Button variant="default" onClick={() => setDeclining(true)}>
          {t.stat.decline}
        </Button>
        <Button variant="default" onClick={onLater}>
          {t.stat.later}
        </Button>
      </div>
      <a
        className={styles.link}
        href={address(here ? { at: "conversation", group, message: seq } : { at: "stat" })}
      >
        {here ? t.stat.open : t.stat.happened}
      </a>
      <Ask
        opened={declining}
        title={t.stat.declineTitle}
        text={next_level ? t.stat.declineNext(levelName(next_level)) : t.stat.declineLast}
        action={t.stat.decline}
        busy={decline.isPending}
        onNo={() => setDeclining(false)}
        onYes={() => void declineAll()}
      />
    </section>
  );
}

/** What it says, where this device has it. */
function Words({ group, seq }: { group: string; seq: number }) {
  const { message, isPending } = useItsMessage({ group, seq });
  if (!message) {
    return isPending ? null : <p>{t.stat.notHere}</p>;
  }
  if (message.recalled || message.expired) {
    return <p>{t.stat.recalled}</p>;
  }
  // The card would show it to whoever sees the phone, and it would never count as read.
  return message.expires === "read" ? (
    <p>{t.stat.burns}</p>
  ) : (
    <blockquote className={styles.words}>{message.text}</blockquote>
  );
}

/** Apart, so that nothing else is drawn anew every second. It is not read out as it runs. */
function Left({ page }: { page: EscalationInfo }) {
  return <p className={styles.left}>{left(page, useNow())}</p>;
}
