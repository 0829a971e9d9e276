import { Button, Checkbox } from "@mantine/core";
import { ChevronRight, Smartphone, Terminal } from "lucide-react";
import { useState } from "react";
import { useApi, useCall, useDevices } from "../core/queries";
import type { DeviceInfo } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { AddDevice } from "./AddDevice";
import styles from "./Security.module.css";
import { isOut, State, whatItIs } from "./State";

/** What the person says of the device that goes. */
interface Ending {
  device: DeviceInfo;
  how: "lost" | "removed";
}

export function MyDevices() {
  const devices = useDevices();
  const [ending, setEnding] = useState<Ending | null>(null);
  const [also, setAlso] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const revoke = useCall("revoke_device");
  const lost = useApi("reportLost");
  const now = Date.now();
  const mine = devices.data ?? [];
  const followers = ending ? confirmedWith(ending.device, mine, now) : [];
  const ask = (device: DeviceInfo, how: Ending["how"]) => {
    const others = confirmedWith(device, mine, now).filter((each) => !each.current);
    setAlso(others.map((other) => other.id));
    setEnding({ device, how });
  };
  const end = async ({ device, how }: Ending) => {
    const all = [device, ...followers.filter((each) => also.includes(each.id))];
    // The device in hand is the last to go: without it nothing more can be asked for.
    const order = [...all.filter((d) => !d.current), ...all.filter((d) => d.current)];
    setBusy(true);
    for (const each of order) {
      try {
        if (how === "lost" && each.id === device.id) {
          await lost.mutateAsync({ id: each.id });
          tell("done", t.security.lostDone(each.name));
        } else {
          await revoke.mutateAsync({ id: each.id });
        }
      } catch (error) {
        tellFailure(error);
      }
    }
    setBusy(false);
    setEnding(null);
  };
  const isLost = ending?.how === "lost";
  const name = ending?.device.name ?? "";
  return (
    <section className={styles.card} aria-labelledby="my-devices">
      <h2 id="my-devices">{t.security.devices}</h2>
      {devices.isPending ? <Waiting /> : null}
      {devices.error ? <p role="alert">{devices.error.message}</p> : null}
      <ul className={styles.rows}>
        {mine.map((device) => (
          <Row key={device.id} device={device} now={now} onEnd={ask} />
        ))}
      </ul>
      <AddDevice />
      <Ask
        opened={ending !== null}
        title={isLost ? t.security.lostTitle(name) : t.security.revokeTitle(name)}
        text={isLost ? t.security.lostText : t.security.revokeText}
        action={isLost ? t.security.lostAction : t.security.revokeAction}
        busy={busy}
        onNo={() => setEnding(null)}
        onYes={() => {
          if (ending) {
            void end(ending);
          }
        }}
      >
        {followers.map((device) => (
          <Checkbox
            key={device.id}
            my="sm"
            checked={also.includes(device.id)}
            label={t.security.revokeToo(
              device.current ? t.security.inHand : device.name,
              moment(device.created_at, now),
            )}
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

function Row({
  device,
  now,
  onEnd,
}: {
  device: DeviceInfo;
  now: number;
  onEnd(device: DeviceInfo, how: Ending["how"]): void;
}) {
  const out = isOut(device);
  return (
    <li className={`${styles.row} ${out ? styles.removed : ""}`}>
      {device.platform === "native" ? <Terminal aria-hidden /> : <Smartphone aria-hidden />}
      <div className={styles.words}>
        <span>
          <a className={styles.link} href={address({ at: "device", id: device.id })}>
            <strong>{device.name}</strong>
            <ChevronRight aria-hidden />
          </a>
          {device.current ? <span className={styles.here}>{t.security.thisDevice}</span> : null}
        </span>
        <State device={device} />
        {!out && device.problem ? (
          <span className={styles.problem}>
            <strong>{device.problem}</strong> {device.step}
          </span>
        ) : null}
        <span>
          {[
            whatItIs(device) ?? t.security.platform[device.platform],
            t.security.passkey[device.passkey] ?? device.passkey,
          ].join(" · ")}
        </span>
        <span>
          {t.security.added(moment(device.created_at, now))},{" "}
          {device.last_seen_at
            ? t.security.seen(moment(device.last_seen_at, now))
            : t.security.never}
        </span>
      </div>
      {out ? null : (
        <div className={styles.ends}>
          {device.current ? null : (
            <Button
              variant="light"
              color="red"
              aria-label={t.security.lostName(device.name)}
              onClick={() => onEnd(device, "lost")}
            >
              {t.security.lost}
            </Button>
          )}
          <Button
            variant="subtle"
            color="red"
            aria-label={t.security.revokeName(device.name)}
            onClick={() => onEnd(device, "removed")}
          >
            {t.security.revoke}
          </Button>
        </div>
      )}
    </li>
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
  return among.filter((each) => each.id !== first.id && found.has(each.id) && !isOut(each));
}
