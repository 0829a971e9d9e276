/** A form of few fields: filled in with one thumb, sent as a message. */
import { Button, Modal, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { PriorityTag } from "../conversations/PriorityTag";
import type { Form } from "../core/methods";
import { useCall } from "../core/queries";
import type { PatientBanner, PersonBrief, Priority } from "../core/wire";
import { OtherLine } from "../patients/OtherLine";
import { tellFailure } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./FormSheet.module.css";

const EMPTY: readonly string[] = ["", "", "", ""];

export function FormSheet({
  group,
  kind,
  patient,
  people,
  priority,
  replyTo,
  onClose,
  onSent,
}: {
  group: string;
  /** None while it is closed; what was filled in stays for the next time. */
  kind: Form["kind"] | null;
  /** Whom it is about. */
  patient: PatientBanner | null;
  /** Whom it is written to. */
  people: readonly PersonBrief[];
  priority: Priority;
  replyTo: string | null;
  onClose(): void;
  onSent(): void;
}) {
  const narrow = useNarrow();
  const send = useCall("send_form");
  const [filled, setFilled] = useState<Partial<Record<Form["kind"], readonly string[]>>>({});
  const [last, setLast] = useState<Form["kind"]>("sbar");
  if (kind && kind !== last) {
    setLast(kind);
  }
  const words = t.conversation.forms[last];
  const fields = filled[last] ?? EMPTY;
  const fill = (index: number, text: string) =>
    setFilled({ ...filled, [last]: fields.map((each, at) => (at === index ? text : each)) });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const form = { kind: last, fields };
    send.mutate(
      { group, form, priority, ...(replyTo ? { reply_to: replyTo } : {}) },
      {
        onSuccess: () => {
          setFilled({ ...filled, [last]: EMPTY });
          onSent();
        },
        onError: tellFailure,
      },
    );
  };

  return (
    <Modal
      opened={kind !== null}
      onClose={onClose}
      title={words.title}
      fullScreen={narrow}
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      <form className={styles.form} onSubmit={submit}>
        {words.fields.map((label, index) => (
          <Textarea
            key={label}
            label={label}
            autosize
            minRows={1}
            maxRows={5}
            maxLength={4_000}
            value={fields[index] ?? ""}
            onChange={(event) => fill(index, event.currentTarget.value)}
          />
        ))}
        {last === "ipass" ? <p>{t.conversation.forms.synthesis}</p> : null}
        {patient ? <OtherLine text={fields.join("\n")} about={patient} people={people} /> : null}
        <PriorityTag priority={priority} />
        <Button
          type="submit"
          fullWidth
          loading={send.isPending}
          disabled={fields.every((field) => field.trim() === "")}
        >
          {t.conversation.forms.send}
        </Button>
      </form>
    </Modal>
  );
}
