/** Says, while there is time, what has to be mended on the device in hand. */
import { CalendarClock } from "lucide-react";
import { useDevices } from "../core/queries";
import { t } from "../texts";
import { date } from "../texts/time";
import styles from "./GraceLine.module.css";
import { address } from "./routes";

export function GraceLine() {
  const devices = useDevices();
  const device = devices.data?.find(({ current }) => current);
  if (device?.state !== "grace") {
    return null;
  }
  return (
    <section className={styles.line} aria-label={t.grace.label}>
      <CalendarClock aria-hidden />
      <span>
        {device.deadline ? (
          <strong>{t.grace.until(date(device.deadline, Date.now()))} </strong>
        ) : null}
        {device.step ?? device.problem}
      </span>
      <a href={address({ at: "device", id: device.id })}>{t.grace.more}</a>
    </section>
  );
}
