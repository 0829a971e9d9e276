/** How far one's own message came, person by person. */
import type { MessageView } from "../core/methods";
import { useWhoHas } from "../core/queries";
import { t } from "../texts";
import styles from "./WhoHas.module.css";
import { readers, told } from "./whoHas";

/** More than this many are shown once they are asked for. */
const AT_ONCE = 6;

export function WhoHas({ group, message }: { group: string; message: MessageView }) {
  const reached = useWhoHas(group, message.id).data ?? [];
  if (reached.length === 0) {
    return null;
  }
  const now = Date.now();
  return (
    <details className={styles.who} open={reached.length <= AT_ONCE}>
      <summary>
        {t.conversation.whoHas.title}
        <span>{t.conversation.whoHas.read(readers(reached), reached.length)}</span>
      </summary>
      <ul>
        {reached.map((each) => (
          <li key={each.person.id} data-state={each.state}>
            <span>{each.person.name}</span>
            <span className={styles.states}>
              {told(each, message.priority, now).join("\u00a0· ")}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
