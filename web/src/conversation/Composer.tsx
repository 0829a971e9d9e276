/** Writing: text, urgency, send. What is typed stays until it is safe on this phone. */
import { ActionIcon, Textarea } from "@mantine/core";
import { Flag, SendHorizontal, Siren, TriangleAlert, X } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { MessageView } from "../core/methods";
import { useCall } from "../core/queries";
import type { PersonBrief, Priority } from "../core/wire";
import { ReachLine } from "../people/ReachLine";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Composer.module.css";
import { drafts } from "./memory";

const PRIORITIES: readonly Priority[] = ["routine", "urgent", "stat"];
const FLAGS = { routine: Flag, urgent: TriangleAlert, stat: Siren } as const;
const SEND = {
  routine: t.conversation.send,
  urgent: t.conversation.sendUrgent,
  stat: t.conversation.sendStat,
} as const;
const HINTS = {
  routine: t.priority.routineHint,
  urgent: t.priority.urgentHint,
  stat: t.priority.statHint,
} as const;

export function Composer({
  group,
  about,
  to,
  replying,
  onReplied,
}: {
  group: string;
  about: boolean;
  /** Whom it goes to, where that is one person. */
  to: PersonBrief | null;
  replying: MessageView | null;
  onReplied(): void;
}) {
  const draft = drafts.get(group);
  const [text, setText] = useState(draft?.text ?? "");
  const [priority, setPriority] = useState<Priority>(draft?.priority ?? "routine");
  const [choosing, setChoosing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useId();
  const send = useCall("send");
  const FlagIcon = FLAGS[priority];

  useEffect(() => {
    drafts.set(group, { text, priority });
  }, [group, text, priority]);

  useEffect(() => {
    if (replying) {
      field.current?.focus();
    }
  }, [replying]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const words = text.trim();
    if (words === "" || send.isPending) {
      return;
    }
    send.mutate(
      { group, text: words, priority, ...(replying ? { reply_to: replying.id } : {}) },
      {
        onSuccess: () => {
          // What was typed or chosen while it went is the next message's.
          setText((now) => (now.startsWith(text) ? now.slice(text.length).trimStart() : now));
          setPriority((now) => (now === priority ? "routine" : now));
          setChoosing(false);
          onReplied();
          field.current?.focus();
        },
        onError: tellFailure,
      },
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && replying) {
      onReplied();
    }
    const enterSends = window.matchMedia("(pointer: fine)").matches;
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && enterSends) {
      submit(event);
    }
  };

  const choose = (chosen: Priority) => {
    setPriority(chosen);
    setChoosing(false);
    field.current?.focus();
  };

  return (
    <form className={styles.composer} data-priority={priority} onSubmit={submit}>
      {replying ? (
        <div className={styles.replying}>
          <div>
            <strong>
              {t.conversation.replyingTo(
                replying.mine
                  ? t.conversation.yourself
                  : (replying.from?.name ?? t.conversation.unknownSender),
              )}
            </strong>
            <span>{replying.text}</span>
          </div>
          <ActionIcon aria-label={t.conversation.stopReply} onClick={onReplied}>
            <X aria-hidden />
          </ActionIcon>
        </div>
      ) : null}
      {choosing ? (
        <fieldset id={chooser} className={styles.chooser}>
          <legend className="visually-hidden">{t.priority.label}</legend>
          {PRIORITIES.map((each) => {
            const Icon = FLAGS[each];
            return (
              <button
                key={each}
                type="button"
                className={styles.choice}
                data-priority={each}
                aria-pressed={each === priority}
                onClick={() => choose(each)}
              >
                <Icon aria-hidden />
                <span>
                  <strong>{t.priority[each]}</strong>
                  <small>{HINTS[each]}</small>
                </span>
              </button>
            );
          })}
        </fieldset>
      ) : null}
      {to && !choosing ? <ReachLine person={to} /> : null}
      {priority === "routine" || choosing ? null : (
        <p className={styles.level}>
          {priority === "stat" ? t.priority.statNote : t.priority.urgentNote}
        </p>
      )}
      <div className={styles.row}>
        <button
          type="button"
          className={styles.flag}
          data-priority={priority}
          aria-label={t.priority.change(t.priority[priority])}
          aria-expanded={choosing}
          aria-controls={choosing ? chooser : undefined}
          onClick={() => setChoosing(!choosing)}
        >
          <FlagIcon aria-hidden />
        </button>
        <Textarea
          ref={field}
          className={styles.field}
          aria-label={t.conversation.composer}
          placeholder={about ? t.conversation.placeholderPatient : t.conversation.placeholder}
          autosize
          minRows={1}
          maxRows={6}
          value={text}
          maxLength={20_000}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button
          type="submit"
          className={styles.send}
          data-priority={priority}
          aria-label={SEND[priority]}
          disabled={text.trim() === "" || send.isPending}
        >
          <SendHorizontal aria-hidden />
        </button>
      </div>
    </form>
  );
}
