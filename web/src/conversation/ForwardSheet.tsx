/** Where a message is to go on to. Whether it may, and what is to be proven first, says the hospital. */
import { Modal, TextInput } from "@mantine/core";
import { BedDouble, Search, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";
import type { ConversationView, MessageView } from "../core/methods";
import { useCall, useConversations } from "../core/queries";
import { isOfAnother, toReference } from "../references/reference";
import { Ask } from "../shell/Ask";
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
  const [doubtful, setDoubtful] = useState<ConversationView | null>(null);
  const reference = message?.reference ? toReference(message.reference) : null;
  const fit = targets(conversations.data ?? [], group, typed);
  const close = () => {
    setTyped("");
    setDoubtful(null);
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
  /** An entry of one patient's chart in a conversation about another is taken for theirs: that is asked first. */
  const choose = (target: ConversationView) => {
    if (reference && isOfAnother(reference, target.patient?.id ?? null)) {
      setDoubtful(target);
    } else {
      send(target);
    }
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
            <button type="button" disabled={forward.isPending} onClick={() => choose(each)}>
              <Avatar id={each.id} name={each.title} kind={each.kind} />
              <span className={styles.words}>
                <strong>{each.title}</strong>
                <About patient={patient} target={each} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Ask
        opened={doubtful !== null}
        title={t.references.doubtTitle}
        text={t.references.doubt(doubtful?.patient?.name ?? "")}
        action={t.references.doubtSend}
        busy={forward.isPending}
        onNo={() => setDoubtful(null)}
        onYes={() => {
          if (doubtful) {
            send(doubtful);
          }
        }}
      />
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
