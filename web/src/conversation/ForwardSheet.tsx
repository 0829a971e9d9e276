/** Where a message is to go on to. Whether it may, and what is to be proven first, says the hospital. */
import { Modal, TextInput } from "@mantine/core";
import { BedDouble, Search, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";
import type { ConversationView, MessageView } from "../core/methods";
import { useCall, useConversations } from "../core/queries";
import { Avatar } from "../shell/Avatar";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./ForwardSheet.module.css";
import { targets } from "./forwarding";

export function ForwardSheet({
  group,
  patient,
  message,
  onClose,
}: {
  group: string;
  /** Whom this conversation is about. */
  patient: string | null;
  /** None while it is closed. */
  message: MessageView | null;
  onClose(): void;
}) {
  const narrow = useNarrow();
  const conversations = useConversations();
  const forward = useCall("forward");
  const [typed, setTyped] = useState("");
  const going = useRef<string | null>(null);
  const fit = targets(conversations.data ?? [], group, typed);
  const close = () => {
    setTyped("");
    onClose();
  };
  const send = ({ id: to, title }: ConversationView) => {
    // One tap, one message: the list stays while the hospital is asked.
    if (!message || going.current) {
      return;
    }
    going.current = to;
    forward.mutate(
      { group, id: message.id, to },
      {
        onSuccess: () => {
          tell("done", t.conversation.forwarded(title));
          close();
        },
        onError: tellFailure,
        onSettled: () => {
          going.current = null;
        },
      },
    );
  };
  return (
    <Modal
      opened={message !== null}
      onClose={close}
      title={t.conversation.forwardTo}
      fullScreen={narrow}
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      <p className={styles.hint}>{t.conversation.forwardText}</p>
      <TextInput
        type="search"
        aria-label={t.conversation.forwardSearch}
        placeholder={t.conversation.forwardSearch}
        leftSection={<Search aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-autofocus
      />
      {fit.length === 0 ? <Empty title={t.conversation.forwardNone} /> : null}
      <ul className={styles.targets} aria-label={t.conversation.forwardTo}>
        {fit.map((each) => (
          <li key={each.id}>
            <button type="button" disabled={forward.isPending} onClick={() => send(each)}>
              <Avatar id={each.id} name={each.title} kind={each.kind} />
              <span className={styles.words}>
                <strong>{each.title}</strong>
                <About patient={patient} target={each} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}

/** Whom the other conversation is about; somebody else is warned of before anything is sent. */
function About({
  patient,
  target: { patient: other },
}: {
  patient: string | null;
  target: ConversationView;
}) {
  if (!other) {
    return null;
  }
  return patient !== null && other.id !== patient ? (
    <span className={styles.warned}>
      <TriangleAlert aria-hidden />
      {t.conversation.forwardOther(other.name)}
    </span>
  ) : (
    <span className={styles.about}>
      <BedDouble aria-hidden />
      {t.conversation.forwardPatient(other.name)}
    </span>
  );
}
