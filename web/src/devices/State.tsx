/** Where a device stands, in words and colour. */
import type { DeviceInfo } from "../core/wire";
import { t } from "../texts";
import { date } from "../texts/time";
import styles from "./State.module.css";

export function State({ device }: { device: Pick<DeviceInfo, "state" | "deadline"> }) {
  return (
    <span className={styles.state} data-state={device.state}>
      {stateWords(device)}
    </span>
  );
}

/** The words alone. */
export function stateWords({ state, deadline }: Pick<DeviceInfo, "state" | "deadline">): string {
  return state === "grace" && deadline
    ? t.device.graceUntil(date(deadline, Date.now()))
    : t.device.state[state];
}

/** Whether a device is out of use for good. */
export function isOut({ state }: Pick<DeviceInfo, "state">): boolean {
  return state === "lost" || state === "wiped" || state === "retired";
}

/** Model and system, as far as they are known. */
export function whatItIs(device: Pick<DeviceInfo, "model" | "system">): string | undefined {
  return [device.model, device.system].filter(Boolean).join(" · ") || undefined;
}

/** The name of a program for people. */
export function programName(slug: string): string {
  return t.programs.names[slug] ?? slug;
}
