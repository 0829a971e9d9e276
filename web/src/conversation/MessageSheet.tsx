/** What can be done with a message, within reach of the thumb. */
import { ActionIcon, Modal, TextInput } from "@mantine/core";
import { Check, CornerUpLeft, Forward, Pencil, Undo2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { MessageView } from "../core/methods";
import { useCall, useWhoHas } from "../core/queries";
import { Ask } from "../shell/Ask";
import { tellFailure } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./MessageSheet.module.css";
import { sheet } from "./sheet";
import { WhoHas } from "./WhoHas";
import { readers } from "./whoHas";

/** As long as the others take an edit: `EDIT_WINDOW_MS` of the core. */
const EDIT_WINDOW_MS = 15 * 60_000;
const EMOJI = ["👍", "✅", "👀", "🙏", "❗", "❤️"] as const;

export function MessageSheet({
  group,
  message,
  onClose,
  onReply,
  onEdit,
  onForward,
}: {
  group: string;
  /** None while it is closed. */
  message: MessageView | null;
  onClose(): void;
  onReply(message: MessageView): void;
  onEdit(message: MessageView): void;
  onForward(message: MessageView): void;
}) {
  const narrow = useNarrow();
  const [recalling, setRecalling] = useState<MessageView | null>(null);
  const recall = useCall("recall");
  const reached = useWhoHas(group, recalling?.id ?? null).data ?? [];
  const read = readers(reached);
  // Where it leads on, the focus goes there and not back to where it came from.
  const [leads, setLeads] = useState(false);
  // What it was about stays while it fades.
  const shown = useRef<MessageView | null>(null);
  shown.current = message ?? shown.current;
  const about = shown.current;

  const close = () => {
    setLeads(false);
    onClose();
  };
  const then = (action: (about: MessageView) => void) => () => {
    setLeads(true);
    onClose();
    if (about) {
      action(about);
    }
  };

  return (
    <>
      <Modal
        opened={message !== null}
        onClose={close}
        returnFocus={!leads}
        title={t.conversation.options}
        centered={!narrow}
        classNames={sheet}
        closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
      >
        {about ? (
          <>
            <Reactions group={group} message={about} onDone={close} />
            <ul className={styles.actions}>
              <li>
                <button type="button" onClick={then(onReply)}>
                  <CornerUpLeft aria-hidden />
                  {t.conversation.reply}
                </button>
              </li>
              {about.expires === "read" ? null : (
                <li>
                  <button type="button" onClick={then(onForward)}>
                    <Forward aria-hidden />
                    {t.conversation.forward}
                  </button>
                </li>
              )}
              {about.mine &&
              !about.form &&
              !about.forwarded &&
              Date.now() - about.sent_at < EDIT_WINDOW_MS ? (
                <li>
                  <button type="button" onClick={then(onEdit)}>
                    <Pencil aria-hidden />
                    {t.conversation.edit}
                  </button>
                </li>
              ) : null}
              {about.mine ? (
                <li>
                  <button type="button" data-danger onClick={then(setRecalling)}>
                    <Undo2 aria-hidden />
                    {t.conversation.recall}
                  </button>
                </li>
              ) : null}
            </ul>
            {about.mine && about.seq !== null ? <WhoHas group={group} message={about} /> : null}
          </>
        ) : null}
      </Modal>
      <Ask
        opened={recalling !== null}
        title={t.conversation.recallTitle}
        text={t.conversation.recallText}
        action={t.conversation.recall}
        busy={recall.isPending}
        onNo={() => setRecalling(null)}
        onYes={() => {
          if (recalling) {
            recall.mutate(
              { group, id: recalling.id },
              { onError: tellFailure, onSettled: () => setRecalling(null) },
            );
          }
        }}
      >
        {read > 0 ? (
          <p className={styles.read}>{t.conversation.recallRead(read, reached.length)}</p>
        ) : null}
      </Ask>
    </>
  );
}

function Reactions({
  group,
  message,
  onDone,
}: {
  group: string;
  message: MessageView;
  onDone(): void;
}) {
  const react = useCall("react");
  const unreact = useCall("unreact");
  const [other, setOther] = useState("");
  const mine = new Set(message.reactions.flatMap(({ emoji, mine: own }) => (own ? [emoji] : [])));

  const toggle = (emoji: string) => {
    const call = mine.has(emoji) ? unreact : react;
    call.mutate({ group, id: message.id, emoji }, { onSuccess: onDone, onError: tellFailure });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (other !== "") {
      toggle(other);
    }
  };

  return (
    <section aria-label={t.conversation.react} className={styles.reactions}>
      <div className={styles.emoji}>
        {EMOJI.map((emoji) => (
          <button
            key={emoji}
            type="button"
            aria-label={t.conversation.emoji[emoji]}
            aria-pressed={mine.has(emoji)}
            onClick={() => toggle(emoji)}
          >
            <span aria-hidden>{emoji}</span>
          </button>
        ))}
      </div>
      <form className={styles.other} onSubmit={submit}>
        <TextInput
          aria-label={t.conversation.reactOther}
          placeholder={t.conversation.reactOther}
          value={other}
          onChange={(event) => setOther(oneOf(event.currentTarget.value))}
        />
        <ActionIcon
          type="submit"
          variant="light"
          aria-label={t.conversation.react}
          disabled={other === ""}
        >
          <Check aria-hidden />
        </ActionIcon>
      </form>
      <p>{t.conversation.reactHint}</p>
    </section>
  );
}

const CHARACTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The last character of what was typed: a person who picks another one means that. */
function oneOf(typed: string): string {
  return [...CHARACTERS.segment(typed.trim())].at(-1)?.segment ?? "";
}
