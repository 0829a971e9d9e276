import { Checkbox } from "@mantine/core";
import type { DeviceInfo } from "../core/wire";
import { programName, State } from "../devices/State";
import { address } from "../shell/routes";
import { t } from "../texts";
import { moment } from "../texts/time";
import type { ListProps } from "./Fleet";
import styles from "./Fleet.module.css";

export function Table({ devices, listed, chosen, selectable, onToggle }: ListProps) {
  const all = listed.every(({ id }) => chosen.has(id));
  const { columns } = t.fleet;
  return (
    <div className={styles.tableFrame}>
      <table className={styles.table}>
        <thead>
          <tr>
            {selectable ? (
              <th scope="col" className={styles.check}>
                <Checkbox
                  aria-label={t.fleet.chooseAll(listed.length)}
                  checked={all}
                  indeterminate={!all && listed.some(({ id }) => chosen.has(id))}
                  onChange={() =>
                    onToggle(
                      listed.map(({ id }) => id),
                      !all,
                    )
                  }
                />
              </th>
            ) : null}
            <th scope="col">{columns.device}</th>
            <th scope="col">{columns.owner}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.system}</th>
            <th scope="col">{columns.program}</th>
            <th scope="col">{columns.seen}</th>
          </tr>
        </thead>
        <tbody>
          {devices.map((device) => (
            <Row
              key={device.id}
              device={device}
              chosen={chosen.has(device.id)}
              selectable={selectable}
              onToggle={onToggle}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  device,
  chosen,
  selectable,
  onToggle,
}: {
  device: DeviceInfo;
  chosen: boolean;
  selectable: boolean;
  onToggle: ListProps["onToggle"];
}) {
  const now = Date.now();
  return (
    <tr data-chosen={chosen || undefined}>
      {selectable ? (
        <td className={styles.check}>
          <Checkbox
            aria-label={t.fleet.choose(device.name, device.user.name)}
            checked={chosen}
            onChange={(event) => onToggle([device.id], event.currentTarget.checked)}
          />
        </td>
      ) : null}
      <th scope="row">
        <a href={address({ at: "fleet-device", id: device.id })}>{device.name}</a>
      </th>
      <td>
        {device.user.name}
        <small>{device.user.department}</small>
      </td>
      <td>
        <State device={device} />
        {device.problem ? <small>{device.problem}</small> : null}
      </td>
      <td>
        {device.system}
        <small>{device.model}</small>
      </td>
      <td>{programName(device.program)}</td>
      <td>{device.last_seen_at ? moment(device.last_seen_at, now) : t.device.never}</td>
    </tr>
  );
}
