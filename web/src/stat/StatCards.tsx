/** What cannot wait, above everything: STAT messages that this person is asked to take, those that nobody
 * took, and those of their own that have not left. */
import { useState } from "react";
import { useConversations, useStat, useStatus, useUrging } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { AskedBar } from "./AskedBar";
import { AskedCard } from "./AskedCard";
import { FailedCard } from "./FailedCard";
import { putAway, seen } from "./put";
import styles from "./Stat.module.css";
import { type Ask, asksOf, attempts, failedFor, waitingFor } from "./timeline";
import { UnsentCard } from "./UnsentCard";
import { useAlarm, useChime } from "./useAlarm";
import { useSmall } from "./useSmall";
import { useStatNews } from "./useStatNews";
import { useStuck } from "./useStuck";

export function StatCards() {
  const stat = useStat();
  const conversations = useConversations();
  const me = useStatus().data?.user?.id ?? "";
  const [put, setPut] = useState(seen);
  const pages = stat.data ?? [];
  const waiting = waitingFor(pages, me);
  const failed = failedFor(pages, put, Date.now());
  const alerts = waiting
    .filter((page) => attempts(page, me) > 0)
    .map((page) => `${page.id} ${attempts(page, me)}`);
  useAlarm(alerts.join(", "));
  const stuck = useStuck(useUrging().data);
  useChime([
    ...failed.filter(({ ended_at }) => isFresh(ended_at)).map(({ id }) => id),
    ...stuck.map(({ id }) => id),
  ]);
  useStatNews(stat.data, me);
  const isHere = (group: string) => conversations.data?.some(({ id }) => id === group) ?? false;
  const asks = asksOf(waiting, me);
  const { small, shrink, unfold } = useSmall(asks.map(({ name }) => name));
  const bars = asks.filter(({ name }) => small.has(name));
  const cards = asks.filter(({ name }) => !small.has(name));
  const asked = (ask: Ask) => ({
    ask,
    here: isHere(ask.page.group),
    alone: asks.filter(({ page }) => isSame(page, ask.page)).length === 1,
  });
  return (
    <>
      {bars.length > 0 ? (
        <div className={styles.bars}>
          {bars.map((ask) => (
            <AskedBar key={ask.name} {...asked(ask)} onOpen={() => unfold(ask.name)} />
          ))}
        </div>
      ) : null}
      {cards.length + failed.length + stuck.length > 0 ? (
        <div className={styles.cards} data-stands>
          {cards.map((ask) => (
            <AskedCard key={ask.name} {...asked(ask)} me={me} onLater={() => shrink(ask.name)} />
          ))}
          {stuck.map((unsent) => (
            <UnsentCard
              key={unsent.id}
              unsent={unsent}
              to={conversations.data?.find(({ id }) => id === unsent.group)?.title}
            />
          ))}
          {failed.map((page) => (
            <FailedCard
              key={page.id}
              page={page}
              mine={page.sender.id === me}
              here={isHere(page.group)}
              onSeen={() => {
                putAway(page.id);
                setPut(seen());
              }}
            />
          ))}
        </div>
      ) : null}
    </>
  );
}

function isSame(a: EscalationInfo, b: EscalationInfo): boolean {
  return a.group === b.group && a.seq === b.seq;
}

/** Whether it was given up just now, and not while the app was closed. */
function isFresh(ended?: number | null): boolean {
  return Date.now() - (ended ?? 0) < FRESH_MS;
}

const FRESH_MS = 60_000;
