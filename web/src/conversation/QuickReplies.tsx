/** Answers to something urgent that need no typing. They are answers: to acknowledge is another tap. */
import type { MessageView } from "../core/methods";
import { useCall } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./QuickReplies.module.css";

export function QuickReplies({ group, to }: { group: string; to: MessageView }) {
  const send = useCall("send");
  return (
    <ul className={styles.quick} aria-label={t.conversation.quick.label} data-writes>
      {t.conversation.quick.texts.map((text) => (
        <li key={text}>
          <button
            type="button"
            disabled={send.isPending}
            onClick={() =>
              send.mutate(
                { group, text, priority: "routine", reply_to: to.id },
                { onError: tellFailure },
              )
            }
          >
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
}
