/** Before an entry of the chart goes into the conversation: what, about whom, and a word to go with it. */
import { Button, Modal, Textarea } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";
import type { ConversationView } from "../core/methods";
import { useCall, useStatus } from "../core/queries";
import type { PatientBanner } from "../core/wire";
import { OtherLine } from "../patients/OtherLine";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./References.module.css";
import { referenceText } from "./reference";
import type { Sendable } from "./sending";

export function SendSheet({
  conversation: { id: group, title, members },
  patient,
  what,
  onClose,
}: {
  conversation: ConversationView;
  patient: PatientBanner;
  /** None while it is closed. */
  what: Sendable | null;
  onClose(): void;
}) {
  const narrow = useNarrow();
  const me = useStatus().data?.user?.id;
  const send = useCall("send_reference");
  const [text, setText] = useState("");
  // What was asked stays while the dialog fades.
  const [last, setLast] = useState(what);
  if (what && what !== last) {
    setLast(what);
  }
  const people = useMemo(
    () => members.map(({ user }) => user).filter(({ id }) => id !== me),
    [members, me],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!what || send.isPending) {
      return;
    }
    const { kind, id, view } = what;
    send.mutate(
      {
        group,
        reference: referenceText({ patient: patient.id, kind, id, view }),
        text: text.trim(),
      },
      {
        onSuccess: () => {
          setText("");
          onClose();
          go({ at: "conversation", group });
        },
        onError: tellFailure,
      },
    );
  };
  return (
    <Modal
      opened={what !== null}
      onClose={onClose}
      title={t.references.sendTo(title)}
      fullScreen={narrow}
      // What went over time is sent from a dialog of its own.
      zIndex={ABOVE_DIALOGS}
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      <form className={styles.sheet} onSubmit={submit}>
        <p>
          <strong>{last?.name}</strong>
          <br />
          {t.references.about(patient.name)}
        </p>
        <Textarea
          label={t.references.word}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={4_000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        <OtherLine text={text} about={patient} people={people} />
        <p className={styles.hint}>{t.references.sendHint}</p>
        <Button type="submit" fullWidth loading={send.isPending}>
          {t.references.send}
        </Button>
      </form>
    </Modal>
  );
}

/** Above the usual dialogs, and below what asks for a proof. */
const ABOVE_DIALOGS = 250;
