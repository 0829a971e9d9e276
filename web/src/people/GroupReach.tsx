/** Says before anything is sent to several people which of them might not notice it. */
import { PhoneOff } from "lucide-react";
import { useReachOf, useStatus } from "../core/queries";
import type { PersonBrief, Priority } from "../core/wire";
import { t } from "../texts";
import styles from "./ReachLine.module.css";
import { doubtsOfAll } from "./reach";

/** As the hospital answers at once. Of more of them some will notice. */
const MOST = 50;

export function GroupReach({
  people,
  priority = "routine",
}: {
  people: readonly PersonBrief[];
  /** How urgent what is about to be sent is. */
  priority?: Priority;
}) {
  const me = useStatus().data?.user?.id;
  const others = people.filter(({ id }) => id !== me);
  const ids = others.length > MOST ? [] : others.map(({ id }) => id).sort();
  const found = useReachOf(ids).data ?? [];
  const names = new Map(others.map(({ id, name }) => [id, name]));
  const lines = ids.length > 0 ? doubtsOfAll(names, found, Date.now(), priority) : [];
  // The place is there before there is anything to say: what comes into it is read out.
  return (
    <div role="status" aria-label={t.reach.all.label}>
      {lines.length > 0 ? (
        <div className={styles.line}>
          <PhoneOff aria-hidden />
          <p>
            <strong>{lines[0]}</strong> {lines.slice(1).join(" ")}
          </p>
        </div>
      ) : null}
    </div>
  );
}
