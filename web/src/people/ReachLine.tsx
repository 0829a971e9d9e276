/** Says before anything is sent that somebody might not notice it, and who would. */
import { Button } from "@mantine/core";
import { BellOff, PhoneOff } from "lucide-react";
import { useReach } from "../core/queries";
import type { PersonBrief, Priority } from "../core/wire";
import { t } from "../texts";
import styles from "./ReachLine.module.css";
import { doubts, reason, urgentRings } from "./reach";

export function ReachLine({
  person,
  priority = "routine",
  onUrgent,
  onInstead,
}: {
  person: PersonBrief;
  /** How urgent what is about to be sent is. */
  priority?: Priority;
  /** Makes it urgent; absent where nothing is written yet. */
  onUrgent?: () => void;
  /** Writes to somebody else; absent where only their name is shown. */
  onInstead?: (person: PersonBrief) => void;
}) {
  const reach = useReach(person.id);
  const lines = reach.data ? doubts(person.name, reach.data, Date.now(), priority) : [];
  const better = reach.data?.better;
  // The place is there before there is anything to say: what comes into it is read out.
  return (
    <div role="status" aria-label={t.reach.label(person.name)}>
      {lines.length > 0 ? (
        <div className={styles.line}>
          {reach.data?.phone === "no" ? <PhoneOff aria-hidden /> : <BellOff aria-hidden />}
          <p>
            <strong>{lines[0]}</strong> {lines.slice(1).join(" ")}{" "}
            {better ? <span>{reason(better)}</span> : null}
          </p>
          {reach.data && onUrgent && urgentRings(reach.data, priority) ? (
            <Button size="xs" variant="default" onClick={onUrgent}>
              {t.reach.asUrgent}
            </Button>
          ) : null}
          {better && onInstead ? (
            <Button size="xs" variant="default" onClick={() => onInstead(better.user)}>
              {t.reach.instead(better.user.name)}
            </Button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
