/** Who is on call, one's own turns, and swaps. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useMe, useSchedules } from "../core/queries";
import type { ScheduledRole, ScheduledTurn } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { Avatar } from "../shell/Avatar";
import { Empty } from "../shell/Empty";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { EditTurn } from "./EditTurn";
import { ImportSchedule } from "./ImportSchedule";
import { MyTurns } from "./MyTurns";
import own from "./OnCall.module.css";
import { Requests } from "./Requests";
import { Signing } from "./Signing";
import { byDepartment, type Held, mayManage } from "./words";

/** How often what is on call is looked at against the clock. */
const TICK_MS = 15_000;

export default function OnCall() {
  const schedules = useSchedules();
  const me = useMe();
  const now = useNow();
  const data = schedules.data;
  const id = me.data?.user.id;
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it (WCAG 2.1.1)
      tabIndex={0}
      className={styles.screen}
      aria-label={t.onCall.title}
    >
      <div className={styles.column}>
        <header className={styles.header}>
          <h1>{t.onCall.title}</h1>
        </header>
        {schedules.isPending ? <Waiting /> : null}
        {schedules.error ? <Empty title={t.failure.title} text={schedules.error.message} /> : null}
        {data ? (
          <>
            <Requests swaps={data.swaps} me={id} now={now} />
            {data.roles.length === 0 ? <Empty title={t.onCall.none} /> : null}
            {byDepartment(data.roles, now).map(({ name, roles }) => (
              <section key={name} className={styles.card} aria-label={name}>
                <h2>{name}</h2>
                <ul className={own.rows}>
                  {roles.map((held) => (
                    <Role key={held.role.slug} held={held} me={id} now={now} />
                  ))}
                </ul>
              </section>
            ))}
            <p>
              <a href={address({ at: "stat" })}>{t.stat.all}</a>
            </p>
            <MyTurns roles={data.roles} swaps={data.swaps} me={id} now={now} />
            {mayManage(me.data?.roles ?? []) ? <Manage roles={data.roles} now={now} /> : null}
          </>
        ) : null}
      </div>
    </section>
  );
}

function Role({
  held: { role, now: turn, next },
  me,
  now,
}: {
  held: Held;
  me: string | undefined;
  now: number;
}) {
  const name = (each: ScheduledTurn) => (each.user.id === me ? t.onCall.you : each.user.name);
  // A gap is said before it comes.
  const gap = turn && next && next.from > turn.until;
  return (
    <li className={own.row}>
      {turn ? <Avatar id={turn.user.id} name={turn.user.name} /> : null}
      <div className={own.words}>
        <strong>{role.title}</strong>
        {turn ? (
          <span className={own.holder}>
            {name(turn)}, {t.onCall.until(moment(turn.until, now))}
          </span>
        ) : (
          <span className={own.nobody}>{t.onCall.nobody}</span>
        )}
        {gap ? <span>{t.onCall.gap(moment(turn.until, now))}</span> : null}
        {next ? <span>{t.onCall.next(name(next), moment(next.from, now))}</span> : null}
      </div>
    </li>
  );
}

function Manage({ roles, now }: { roles: readonly ScheduledRole[]; now: number }) {
  const [editing, setEditing] = useState(false);
  return (
    <section className={styles.card} aria-labelledby="manage-schedules">
      <h2 id="manage-schedules">{t.onCall.manage}</h2>
      <Signing roles={roles} now={now} />
      <p>{t.onCall.importHint}</p>
      <ImportSchedule />
      {editing ? (
        <EditTurn roles={roles} now={now} onDone={() => setEditing(false)} />
      ) : (
        <Button variant="light" disabled={roles.length === 0} onClick={() => setEditing(true)}>
          {t.onCall.edit}
        </Button>
      )}
    </section>
  );
}

/** The time, to the tick: turns begin and end while the page is looked at. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(ticking);
  }, []);
  return now;
}
