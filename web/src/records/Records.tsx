/** Records: what retention and holds are in force, orders that wait for somebody's agreement, what was
 * destroyed and exported. Everything that the record keeper says is shown only where its signature
 * verifies; what people order is signed on this device. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { toFailure } from "../core/failure";
import { useApi, useMe, useRecords } from "../core/queries";
import { SHOWN_DESTROYED } from "../core/records";
import type { Records as List, RecordsOrder } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { date, moment } from "../texts/time";
import { EndHold } from "./EndHold";
import { NewOrder } from "./NewOrder";
import styles from "./Records.module.css";
import { canAgree, kindText, scopeText } from "./words";

const OFFICER = "privacy_officer";

export default function Records() {
  const records = useRecords();
  const me = useMe();
  const [making, setMaking] = useState<"hold" | "export" | null>(null);
  const list = records.data;
  const id = me.data?.user.id ?? "";
  const who = {
    id,
    officer: me.data?.roles.includes(OFFICER) ?? false,
    custodian: list?.custodians.some(({ user }) => user.id === id) ?? false,
  };
  const of = (states: readonly RecordsOrder["state"][], types: readonly string[]) =>
    (list?.orders ?? []).filter(
      ({ state, signed }) => states.includes(state) && types.includes(signed.statement.type),
    );
  return (
    <div className={officer.screen}>
      <div className={officer.column}>
        <header className={officer.header}>
          <h1>{t.records.title}</h1>
        </header>
        <p>{t.records.hint}</p>
        {records.isPending ? <Waiting /> : null}
        {records.error ? <Refused lines={[told(toFailure(records.error))]} /> : null}
        {list ? (
          <>
            {list.doubtful ? (
              <p role="alert" className={officer.keys}>
                {t.records.doubtful}
              </p>
            ) : null}
            <Orders
              title={t.records.waiting}
              none={t.records.noneWaiting}
              orders={of(["waiting"], ["hold", "end_hold", "export", "release"])}
              list={list}
              who={who}
            />
            {who.officer ? (
              <Orders
                title={t.records.holds}
                none={t.records.noHolds}
                orders={of(["held"], ["hold"])}
                list={list}
                who={who}
              />
            ) : null}
            {who.officer ? (
              <div className={officer.does}>
                <Button onClick={() => setMaking("hold")}>{t.records.newHold}</Button>
                <Button variant="default" onClick={() => setMaking("export")}>
                  {t.records.newExport}
                </Button>
              </div>
            ) : null}
            <NewOrder type={making} onClose={() => setMaking(null)} />
            <Orders
              title={t.records.exports}
              none={t.records.noExports}
              orders={of(["done", "refused"], ["export", "release"])}
              list={list}
              who={who}
            />
            {who.officer ? <Destroyed list={list} /> : null}
            <InForce list={list} />
            <Custodians list={list} custodian={who.custodian} />
            {who.officer ? (
              <Orders
                title={t.records.over}
                none={t.records.noneOver}
                orders={of(["ended", "done", "refused"], ["hold", "end_hold"])}
                list={list}
                who={who}
              />
            ) : null}
          </>
        ) : null}
      </div>
    </div>
  );
}

type Who = { id: string; officer: boolean; custodian: boolean };

function Orders({
  title,
  none,
  orders,
  list,
  who,
}: {
  title: string;
  none: string;
  orders: readonly RecordsOrder[];
  list: List;
  who: Who;
}) {
  return (
    <section className={officer.card} aria-label={title}>
      <h2>{title}</h2>
      {orders.length === 0 ? <p>{none}</p> : null}
      <ul className={styles.list} aria-label={title}>
        {orders.map((order) => (
          <Order key={order.hash} order={order} list={list} who={who} />
        ))}
      </ul>
    </section>
  );
}

function Order({ order, list, who }: { order: RecordsOrder; list: List; who: Who }) {
  const agree = useApi("agreeToOrder");
  const now = Date.now();
  const { statement } = order.signed;
  const came = order.outcome?.statement.type === "outcome" ? order.outcome.statement.came : null;
  // Nobody agrees to the end of a hold that they are not shown.
  const ends =
    statement.type === "end_hold" ? list.orders.find(({ hash }) => hash === statement.hold) : null;
  const names = order.agreements.map(({ by }) => by.name);
  return (
    <li>
      <div className={styles.head}>
        <strong>
          {kindText(order.signed)}
          {"case" in statement ? ` · ${statement.case}` : ""}
          {ends && "case" in ends.signed.statement ? ` · ${ends.signed.statement.case}` : ""}
        </strong>
        <strong data-state={order.state}>{t.records.states[order.state]}</strong>
      </div>
      {"scope" in statement ? <span>{scopeText(statement.scope, now)}</span> : null}
      {"reason" in statement ? (
        <blockquote className={styles.quote}>{statement.reason}</blockquote>
      ) : null}
      <span>{t.records.by(order.by.name, moment(order.at, now))}</span>
      {names.length > 0 ? <span>{t.records.agreed(names.join(", "))}</span> : null}
      {order.state === "waiting" ? (
        <span>{order.taken_at ? t.records.taken : t.records.notTaken}</span>
      ) : null}
      {came?.type === "exported" ? (
        <span>{t.records.exported(came.files, came.entries)}</span>
      ) : null}
      {came?.type === "refused" ? (
        <span>{t.records.refusals[came.why] ?? t.records.states.refused}</span>
      ) : null}
      {statement.type === "export" && order.state === "waiting" && who.custodian ? (
        <span>{t.records.onWorkstation}</span>
      ) : null}
      <Refused lines={agree.error ? [told(agree.error)] : []} />
      <div className={officer.does}>
        {canAgree(order, who) && ends !== undefined ? (
          <Button
            loading={agree.isPending}
            onClick={() =>
              agree.mutate(
                { order, reason: t.records.agreeReason },
                { onSuccess: () => tell("done", t.records.agreeDone) },
              )
            }
          >
            {t.records.agree}
          </Button>
        ) : null}
        {order.state === "held" && who.officer ? <EndHold order={order} /> : null}
      </div>
    </li>
  );
}

function Destroyed({ list }: { list: List }) {
  const now = Date.now();
  return (
    <section className={officer.card} aria-label={t.records.destroyed}>
      <h2>{t.records.destroyed}</h2>
      <p>
        {list.destroyed_count === 0
          ? t.records.noneDestroyed
          : t.records.destroyedCount(list.destroyed_count, SHOWN_DESTROYED)}
      </p>
      <ul className={styles.list} aria-label={t.records.destroyed}>
        {list.destroyed.map(({ statement, signature, issued_at }) =>
          statement.type === "destruction" ? (
            <li key={signature}>
              <strong>{t.records.messages(statement.count)}</strong>
              <span>
                {t.records.week(date(statement.from, now), date(statement.until - 1, now))}
              </span>
              <span>{t.records.rule(statement.rule, moment(issued_at, now))}</span>
              <span>{t.records.conversation(statement.group)}</span>
            </li>
          ) : null,
        )}
      </ul>
    </section>
  );
}

function InForce({ list }: { list: List }) {
  const now = Date.now();
  const statement = list.in_force?.statement;
  if (!list.in_force || statement?.type !== "in_force") {
    return (
      <section className={officer.card} aria-label={t.records.retention}>
        <h2>{t.records.retention}</h2>
        <p>{t.records.nothingSaid}</p>
      </section>
    );
  }
  return (
    <section className={officer.card} aria-label={t.records.retention}>
      <h2>{t.records.retention}</h2>
      {statement.days.length === 0 ? <p>{t.records.forEver}</p> : null}
      <dl className={styles.facts}>
        {statement.days.map(([rule, days]) => (
          <Rule key={rule} name={t.records.rules[rule] ?? rule} days={days} />
        ))}
      </dl>
      <p>{t.records.officers(list.officers.map(({ name }) => name).join(", "))}</p>
      <p>{t.records.signedAt(moment(list.in_force.issued_at, now))}</p>
    </section>
  );
}

function Rule({ name, days }: { name: string; days: number }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{t.records.days(days)}</dd>
    </>
  );
}

function Custodians({ list, custodian }: { list: List; custodian: boolean }) {
  const statement = list.in_force?.statement;
  const needed = statement?.type === "in_force" ? statement.needed : 0;
  if (list.custodians.length === 0) {
    return null;
  }
  return (
    <section className={officer.card} aria-label={t.records.custodians}>
      <h2>{t.records.custodians}</h2>
      <p>{t.records.needed(needed, list.custodians.length)}</p>
      <ul className={styles.list} aria-label={t.records.custodians}>
        {list.custodians.map(({ user, key, share }) => (
          <li key={user.id}>
            <strong>{user.name}</strong>
            <span>{share ? t.records.hasShare : key ? t.records.hasKey : t.records.noKey}</span>
          </li>
        ))}
      </ul>
      {custodian ? (
        <>
          <p>{t.records.custodianHint}</p>
          <code>wardline client statement custodian-key --hand-in</code>
          <code>wardline client statement take-share</code>
        </>
      ) : null}
    </section>
  );
}
