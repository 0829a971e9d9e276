import { Check, CheckCheck, CircleAlert, CircleCheckBig, Clock } from "lucide-react";
import type { MessageState } from "../core/methods";
import { t } from "../texts";
import styles from "./StateIcon.module.css";

const ICONS = {
  sending: Clock,
  failed: CircleAlert,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  acknowledged: CircleCheckBig,
} as const;

/** How far a message came: a mark for the eye, a word for the ear. */
export function StateIcon({ state }: { state: MessageState }) {
  const Icon = ICONS[state];
  return (
    <span className={styles.state} data-state={state}>
      <Icon aria-hidden />
      <span className="visually-hidden">{t.conversation.states[state]}</span>
    </span>
  );
}
