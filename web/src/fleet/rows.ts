/** Devices as rows of a file. */
import type { DeviceInfo } from "../core/wire";
import { programName } from "../devices/State";
import { t } from "../texts";

/** With a first row of names; times in ISO 8601, UTC. */
export function deviceRows(devices: readonly DeviceInfo[]): string[][] {
  return [
    t.fleet.csv,
    ...devices.map((device) => [
      device.user.name,
      device.user.username,
      device.user.department,
      device.name,
      programName(device.program),
      device.model ?? "",
      device.system ?? "",
      device.serial ?? "",
      t.device.state[device.state],
      iso(device.deadline),
      iso(device.last_seen_at),
      iso(device.created_at),
      device.problem ?? "",
      device.step ?? "",
      device.id,
    ]),
  ];
}

function iso(ms: number | null | undefined): string {
  return ms ? new Date(ms).toISOString() : "";
}
