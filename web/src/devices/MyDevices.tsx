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
  const [also, setAlso] = useState<readonly string[]>([]);
  const revoke = useCall("revoke_device");
  const me = status.data?.user?.id;
  const now = Date.now();
  // An officer's list has everybody's.
  const mine = (devices.data ?? []).filter((device) => device.user.id === me);
  const followers = removing ? confirmedWith(removing, mine, now) : [];
  const remove = async (first: DeviceInfo) => {
    const all = [first, ...followers.filter((device) => also.includes(device.id))];
    // The device in hand is the last to go: without it nothing more can be asked for.
    const order = [...all.filter((d) => !d.current), ...all.filter((d) => d.current)];
    for (const device of order) {
      try {
        await revoke.mutateAsync({ id: device.id });
      } catch (error) {
        tellFailure(error);
      }
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
                  const others = confirmedWith(device, mine, now).filter((d) => !d.current);
                  setAlso(others.map((other) => other.id));
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
            checked={also.includes(device.id)}
            label={t.security.revokeToo(device.name, moment(device.created_at, now))}
            onChange={(event) =>
              setAlso(
                event.currentTarget.checked
                  ? [...also, device.id]
                  : also.filter((id) => id !== device.id),
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

/**
 * Devices in use that were confirmed with this one lately, and those confirmed with them: also by
 * way of a device that was taken out of use meanwhile, in whatever order they were enrolled.
 */
function confirmedWith(first: DeviceInfo, among: readonly DeviceInfo[], now: number) {
  const found = new Set([first.id]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { id, endorser, created_at } of among) {
      if (endorser && found.has(endorser) && now - created_at < LATELY_MS) {
        found.add(id);
      }
    }
  }
  return among.filter(({ id, state }) => id !== first.id && found.has(id) && state !== "revoked");
}
