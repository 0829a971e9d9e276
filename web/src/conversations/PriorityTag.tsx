import { Siren, TriangleAlert } from "lucide-react";
import type { Priority } from "../core/wire";
import { t } from "../texts";
import styles from "./PriorityTag.module.css";

/** `STAT` and `Urgent`, told by icon, word and colour together. */
export function PriorityTag({
  priority,
  waiting = false,
}: {
  priority: Priority;
  waiting?: boolean;
}) {
  if (priority === "routine") {
    return null;
  }
  const spoken = priority === "stat" ? t.conversations.statWaiting : t.conversations.urgentWaiting;
  return (
    <span className={styles.tag} data-priority={priority}>
      {priority === "stat" ? <Siren aria-hidden /> : <TriangleAlert aria-hidden />}
      <span aria-hidden={waiting}>{t.priority[priority]}</span>
      {waiting ? <span className="visually-hidden">{spoken}</span> : null}
    </span>
  );
}
