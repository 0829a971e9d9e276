import { Button, Checkbox } from "@mantine/core";
import { Smartphone, Terminal } from "lucide-react";
import { useState } from "react";
import { useCall, useDevices, useStatus } from "../core/queries";
import type { DeviceInfo } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { AddDevice } from "./AddDevice";
import styles from "./Security.module.css";

export function MyDevices() {
  const devices = useDevices();
  const status = useStatus();
  const [removing, setRemoving] = useState<DeviceInfo | null>(null);
  const [kept, setKept] = useState<readonly string[]>([]);
  const revoke = useCall("revoke_device");
  const me = status.data?.user?.id;
  const now = Date.now();
  // An officer's list has everybody's.
  const mine = (devices.data ?? []).filter((device) => device.user.id === me);
  const followers = removing ? confirmedWith(removing, mine, now) : [];
  const remove = async (first: DeviceInfo) => {
    try {
      // The device in hand is the last to go: without it nothing more can be asked for.
      for (const device of [...followers.filter((d) => !kept.includes(d.id)), first]) {
        await revoke.mutateAsync({ id: device.id });
      }
    } catch (error) {
      tellFailure(error);
    }
    setRemoving(null);
  };
  return (
    <section className={styles.card} aria-labelledby="my-devices">
      <h2 id="my-devices">{t.security.devices}</h2>
      {devices.isPending ? <Waiting /> : null}
      {devices.error ? <p role="alert">{devices.error.message}</p> : null}
      <ul className={styles.rows}>
        {mine.map((device) => (
          <li
            key={device.id}
            className={`${styles.row} ${device.state === "revoked" ? styles.removed : ""}`}
          >
            {device.platform === "native" ? <Terminal aria-hidden /> : <Smartphone aria-hidden />}
            <div className={styles.words}>
              <span>
                <strong>{device.name}</strong>
                {device.current ? (
                  <span className={styles.here}>{t.security.thisDevice}</span>
                ) : null}
              </span>
              <span>
                {[
                  t.security.platform[device.platform],
                  t.security.passkey[device.passkey] ?? device.passkey,
                  t.security.state[device.state],
                ].join(" · ")}
              </span>
              <span>
                {t.security.added(moment(device.created_at, now))},{" "}
                {device.last_seen_at
                  ? t.security.seen(moment(device.last_seen_at, now))
                  : t.security.never}
              </span>
            </div>
            {device.state === "revoked" ? null : (
              <Button
                variant="subtle"
                color="red"
                aria-label={t.security.revokeName(device.name)}
                onClick={() => {
                  setKept([]);
                  setRemoving(device);
                }}
              >
                {t.security.revoke}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <AddDevice />
      <Ask
        opened={removing !== null}
        title={t.security.revokeTitle(removing?.name ?? "")}
        text={t.security.revokeText}
        action={t.security.revokeAction}
        busy={revoke.isPending}
        onNo={() => setRemoving(null)}
        onYes={() => {
          if (removing) {
            void remove(removing);
          }
        }}
      >
        {followers.map((device) => (
          <Checkbox
            key={device.id}
            my="sm"
            checked={!kept.includes(device.id)}
            label={t.security.revokeToo(device.name, moment(device.created_at, now))}
            onChange={(event) =>
              setKept(
                event.currentTarget.checked
                  ? kept.filter((id) => id !== device.id)
                  : [...kept, device.id],
              )
            }
          />
        ))}
      </Ask>
    </section>
  );
}

/** What a lost phone may have been used for before it was reported. */
const LATELY_MS = 72 * 60 * 60 * 1000;

/** Devices in use that were confirmed with this one lately, and those confirmed with them. */
function confirmedWith(first: DeviceInfo, among: readonly DeviceInfo[], now: number) {
  const found: DeviceInfo[] = [];
  const vouchers = new Set([first.id]);
  // Oldest first, so that whoever vouched comes before whom they vouched for.
  for (const device of [...among].sort((a, b) => a.created_at - b.created_at)) {
    const by = device.endorser;
    const lately = now - device.created_at < LATELY_MS;
    if (by && by !== device.id && vouchers.has(by) && lately && device.state !== "revoked") {
      vouchers.add(device.id);
      found.push(device);
    }
  }
  return found;
}
