/** People who lost every device: one officer asks that they begin anew, another one approves. */
import { Button } from "@mantine/core";
import { useRef, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { type Failure, toFailure } from "../core/failure";
import { askUnkept, useApi, useRecoveries, useStatus } from "../core/queries";
import type { Invite, Recovery } from "../core/wire";
import { Invitation } from "../devices/Invitation";
import { Ask } from "../shell/Ask";
import { Avatar } from "../shell/Avatar";
import { tell } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { AskRecovery } from "./AskRecovery";
import styles from "./Officer.module.css";

/** An approved recovery's invitation, shown once. */
interface Approved {
  invite: Invite;
  name: string;
}

export function Recoveries() {
  const recoveries = useRecoveries();
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState(false);
  const [approved, setApproved] = useState<Approved | null>(null);
  const [doing, setDoing] = useState<{ what: "approve" | "withdraw"; to: Recovery } | null>(null);
  const waiting = recoveries.data?.filter(({ state }) => state === "waiting");
  const close = () => setDoing(null);
  // The buttons that were pressed are gone with what they did.
  const toHeading = () => heading.current?.focus();
  return (
    <section className={styles.card} aria-labelledby="recoveries">
      <h2 id="recoveries" ref={heading} tabIndex={-1}>
        {t.recovery.title}
      </h2>
      <p>{t.recovery.hint}</p>
      <p className={styles.keys}>{t.recovery.keys}</p>
      {approved ? (
        <>
          <Invitation invite={approved.invite} name={approved.name} />
          <Button
            variant="light"
            onClick={() => {
              setApproved(null);
              toHeading();
            }}
          >
            {t.recovery.done}
          </Button>
        </>
      ) : null}
      {recoveries.isPending ? <Waiting /> : null}
      {recoveries.error ? <p role="alert">{recoveries.error.message}</p> : null}
      {waiting?.length === 0 ? <p>{t.recovery.none}</p> : null}
      {waiting && waiting.length > 0 ? (
        <ul aria-label={t.recovery.waiting}>
          {waiting.map((each) => (
            <Row
              key={each.id}
              recovery={each}
              onApprove={() => setDoing({ what: "approve", to: each })}
              onWithdraw={() => setDoing({ what: "withdraw", to: each })}
            />
          ))}
        </ul>
      ) : null}
      {asking ? (
        <AskRecovery
          onDone={() => {
            setAsking(false);
            toHeading();
          }}
        />
      ) : (
        <Button variant="light" onClick={() => setAsking(true)}>
          {t.recovery.begin}
        </Button>
      )}
      <Approve
        recovery={doing?.what === "approve" ? doing.to : null}
        onApproved={(now) => {
          setApproved(now);
          close();
          toHeading();
        }}
        onClose={close}
      />
      <Withdraw
        recovery={doing?.what === "withdraw" ? doing.to : null}
        onWithdrawn={() => {
          close();
          toHeading();
        }}
        onClose={close}
      />
    </section>
  );
}

function Row({
  recovery: { user, reason, asked_by, asked_at, expires_at },
  onApprove,
  onWithdraw,
}: {
  recovery: Recovery;
  onApprove(): void;
  onWithdraw(): void;
}) {
  const status = useStatus();
  const mine = asked_by.id === status.data?.user?.id;
  const now = Date.now();
  const asked = moment(asked_at, now);
  return (
    <li className={styles.recovery}>
      <div className={styles.person}>
        <Avatar id={user.id} name={user.name} />
        <div>
          <strong>{user.name}</strong>
          <span>
            {user.role}, {user.department}
          </span>
        </div>
      </div>
      <blockquote>{reason}</blockquote>
      <span>
        {mine ? t.recovery.askedByMe(asked) : t.recovery.askedBy(asked_by.name, asked)},{" "}
        {t.recovery.until(moment(expires_at, now))}
      </span>
      {mine ? <p>{t.recovery.another}</p> : null}
      <div className={styles.does}>
        <Button
          variant="subtle"
          color="red"
          aria-label={t.recovery.withdrawOf(user.name)}
          onClick={onWithdraw}
        >
          {t.recovery.withdraw}
        </Button>
        {mine ? null : (
          <Button aria-label={t.recovery.approveOf(user.name)} onClick={onApprove}>
            {t.recovery.approve}
          </Button>
        )}
      </div>
    </li>
  );
}

function Approve({
  recovery: asked,
  onApproved,
  onClose,
}: {
  recovery: Recovery | null;
  onApproved(approved: Approved): void;
  onClose(): void;
}) {
  const recovery = useLast(asked);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const close = () => {
    setFailure(null);
    onClose();
  };
  const approve = async ({ id, user }: Recovery) => {
    setBusy(true);
    setFailure(null);
    try {
      const { invite } = await askUnkept("approveRecovery", { id });
      onApproved({ invite, name: user.name });
    } catch (thrown) {
      setFailure(toFailure(thrown));
    }
    setBusy(false);
  };
  return (
    <Ask
      opened={asked !== null}
      title={t.recovery.approveTitle(recovery?.user.name ?? "")}
      text={t.recovery.approveText}
      action={t.recovery.approve}
      busy={busy}
      onNo={close}
      onYes={() => {
        if (asked) {
          void approve(asked);
        }
      }}
    >
      <Refused lines={failure ? [told(failure)] : []} />
    </Ask>
  );
}

function Withdraw({
  recovery: asked,
  onWithdrawn,
  onClose,
}: {
  recovery: Recovery | null;
  onWithdrawn(): void;
  onClose(): void;
}) {
  const recovery = useLast(asked);
  const withdraw = useApi("withdrawRecovery");
  const close = () => {
    withdraw.reset();
    onClose();
  };
  return (
    <Ask
      opened={asked !== null}
      title={t.recovery.withdrawTitle(recovery?.user.name ?? "")}
      text={t.recovery.withdrawText}
      action={t.recovery.withdraw}
      busy={withdraw.isPending}
      onNo={close}
      onYes={() => {
        if (asked) {
          withdraw.mutate(
            { id: asked.id },
            {
              onSuccess: () => {
                tell("done", t.recovery.withdrawn(asked.user.name));
                onWithdrawn();
              },
            },
          );
        }
      }}
    >
      <Refused lines={withdraw.error ? [told(withdraw.error)] : []} />
    </Ask>
  );
}
