import { ChevronRight } from "lucide-react";
import { programName, State, whatItIs } from "../devices/State";
import { address } from "../shell/routes";
import { t } from "../texts";
import { moment } from "../texts/time";
import type { ListProps } from "./Fleet";
import styles from "./Fleet.module.css";

export function Cards({ devices, chosen, selectable, onToggle }: ListProps) {
  const now = Date.now();
  return (
    <ul className={styles.cards}>
      {devices.map((device) => (
        <li key={device.id} data-chosen={chosen.has(device.id) || undefined}>
          {selectable ? (
            <label className={styles.tick}>
              <input
                type="checkbox"
                aria-label={t.fleet.choose(device.name, device.user.name)}
                checked={chosen.has(device.id)}
                onChange={(event) => onToggle([device.id], event.currentTarget.checked)}
              />
            </label>
          ) : null}
          <a href={address({ at: "fleet-device", id: device.id })}>
            <span className={styles.who}>
              <strong>{device.user.name}</strong>
              <State device={device} />
            </span>
            <span>
              {[device.name, whatItIs(device), programName(device.program)]
                .filter(Boolean)
                .join(" · ")}
            </span>
            {device.problem ? <span>{device.problem}</span> : null}
            <span>
              {device.last_seen_at
                ? t.security.seen(moment(device.last_seen_at, now))
                : t.security.never}
            </span>
            <ChevronRight aria-hidden />
          </a>
        </li>
      ))}
    </ul>
  );
}
