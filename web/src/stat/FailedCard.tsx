/** Nobody answered: said in plain words to the sender and to the last of the chain, with what to do. */
import { Button } from "@mantine/core";
import { Phone, PhoneMissed } from "lucide-react";
import type { EscalationInfo } from "../core/wire";
import { address } from "../shell/routes";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Stat.module.css";
import { addressee } from "./timeline";

export function FailedCard({
  page,
  mine,
  here,
  onSeen,
}: {
  page: EscalationInfo;
  mine: boolean;
  /** Whether the conversation is on this device. */
  here: boolean;
  onSeen(): void;
}) {
  const { id, group, seq, sender, call } = page;
  const to = addressee(page);
  const at = moment(page.started_at, Date.now());
  return (
    <section className={styles.card} aria-labelledby={`stat-${id}`}>
      <div className={styles.head} role="alert">
        <PhoneMissed aria-hidden />
        <h2 id={`stat-${id}`}>
          <strong>STAT</strong> {t.stat.failed}
        </h2>
      </div>
      <p>{mine ? t.stat.failedMine(to, at) : t.stat.failedOther(sender.name, to, at)}</p>
      <p className={styles.about}>{mine ? t.stat.doMine : t.stat.doOther(sender.name)}</p>
      <div className={styles.actions}>
        {call ? (
          <Button
            component="a"
            href={`tel:${call.replaceAll(/[ ()/]/g, "")}`}
            className={styles.take}
            color="red"
            size="lg"
            leftSection={<Phone aria-hidden />}
          >
            {t.stat.call(call)}
          </Button>
        ) : null}
        <Button variant="default" size={call ? "sm" : "lg"} onClick={onSeen}>
          {t.stat.understood}
        </Button>
      </div>
      <a
        className={styles.link}
        href={address(here ? { at: "conversation", group, message: seq } : { at: "stat" })}
      >
        {here ? t.stat.open : t.stat.happened}
      </a>
    </section>
  );
}
