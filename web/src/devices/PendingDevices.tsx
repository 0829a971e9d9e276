/** Devices that wait to be confirmed: the string is compared with the one on the new device. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { PendingDevice } from "../core/methods";
import { useCall, usePendingDevices } from "../core/queries";
import { Ask } from "../shell/Ask";
import { Avatar } from "../shell/Avatar";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Security.module.css";

/** `quiet`: nothing is shown while nothing waits. */
export function PendingDevices({ quiet = false }: { quiet?: boolean }) {
  const pending = usePendingDevices();
  const waiting = pending.data ?? [];
  if (quiet && waiting.length === 0) {
    return null;
  }
  return (
    <section className={styles.card} aria-labelledby="pending-devices">
      <h2 id="pending-devices">{t.security.pending}</h2>
      {pending.error ? <p role="alert">{pending.error.message}</p> : null}
      {waiting.length === 0 ? <p>{t.security.pendingNone}</p> : <p>{t.security.pendingHint}</p>}
      <ul className={styles.rows}>
        {waiting.map((each) => (
          <Waiting key={each.device.id} pending={each} />
        ))}
      </ul>
    </section>
  );
}

function Waiting({ pending: { device, confirmation } }: { pending: PendingDevice }) {
  const [refusing, setRefusing] = useState(false);
  const duty = t.security.duty[device.duty];
  const confirm = useCall("confirm_device");
  const refuse = useCall("revoke_device");
  return (
    <li className={styles.pending}>
      <div>
        <Avatar id={device.user.id} name={device.user.name} />
        <div className={styles.words}>
          <strong>{device.user.name}</strong>
          <span>
            {device.user.role}, {device.user.department}
          </span>
          <span>
            {device.name}, {t.security.added(moment(device.created_at, Date.now()))}
          </span>
        </div>
      </div>
      {duty ? <p className={styles.duty}>{duty}</p> : null}
      <output className={styles.string} aria-label={t.enroll.confirmLabel}>
        {confirmation}
      </output>
      <div className={styles.choices}>
        <Button variant="default" onClick={() => setRefusing(true)}>
          {t.security.differ}
        </Button>
        <Button
          loading={confirm.isPending}
          onClick={() =>
            confirm.mutate(
              { id: device.id, duty: device.duty },
              {
                onSuccess: () => tell("done", t.security.confirmed(device.name)),
                onError: tellFailure,
              },
            )
          }
        >
          {t.security.match}
        </Button>
      </div>
      <Ask
        opened={refusing}
        title={t.security.differTitle}
        text={t.security.differText}
        action={t.security.refuse}
        busy={refuse.isPending}
        onNo={() => setRefusing(false)}
        onYes={() =>
          refuse.mutate(
            { id: device.id },
            { onError: tellFailure, onSettled: () => setRefusing(false) },
          )
        }
      />
    </li>
  );
}
