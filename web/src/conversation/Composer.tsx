/** Writing: text, urgency, send. What is typed stays until it is safe on this phone. */
import { ActionIcon, Textarea } from "@mantine/core";
import {
  Check,
  ClipboardList,
  FileHeart,
  Flag,
  Paperclip,
  SendHorizontal,
  Siren,
  TriangleAlert,
  X,
} from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { AttachSheet } from "../attachments/AttachSheet";
import { inWords } from "../attachments/words";
import type { Draft, Expiry, Form, MessageView } from "../core/methods";
import { useCall, useMe, useStatus } from "../core/queries";
import type { PatientBanner, PersonBrief, Priority } from "../core/wire";
import { OtherLine } from "../patients/OtherLine";
import { isBot } from "../people/bot";
import { GroupReach } from "../people/GroupReach";
import { ReachLine } from "../people/ReachLine";
import { StatUse } from "../ringing/StatUse";
import { Avatar } from "../shell/Avatar";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { t } from "../texts";
import styles from "./Composer.module.css";
import { FormSheet } from "./FormSheet";
import { drafts, formOpened, keepDraft, wantedForm } from "./memory";
import { meant, typed } from "./mentions";
import { useInstead } from "./useInstead";

const PRIORITIES: readonly Priority[] = ["routine", "urgent", "stat"];
const PASSING = ["keep", "hour", "day", "week", "read"] as const;
type Passing = (typeof PASSING)[number];
const EXPIRY: Readonly<Record<Passing, Expiry | null>> = {
  keep: null,
  hour: { after: 3_600 },
  day: { after: 86_400 },
  week: { after: 604_800 },
  read: "read",
};
const NOTHING: Draft = { text: "", priority: "routine" };
const FORMS = ["sbar", "ipass"] as const;
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

/** Names offered at a time: what fits above a phone's keyboard. */
const OFFERED = 4;

export function Composer({
  group,
  to,
  crowd,
  patient,
  kept,
  people,
  replying,
  editing,
  onDone,
}: {
  group: string;
  /** Whom it goes to, where that is one person, or who has the role. */
  to: PersonBrief | null;
  /** All of those whom it goes to otherwise. */
  crowd: readonly PersonBrief[];
  /** Whom it is about. */
  patient: PatientBanner | null;
  /** What was begun to be written before the page was opened. */
  kept: Draft | null;
  /** Whom a text can name. */
  people: readonly PersonBrief[];
  replying: MessageView | null;
  /** The message that gets another text; the draft waits meanwhile. */
  editing: MessageView | null;
  /** Neither answering nor editing any more. */
  onDone(): void;
}) {
  const draft = drafts.get(group) ?? kept;
  const [text, setText] = useState(draft?.text ?? "");
  const [priority, setPriority] = useState<Priority>(draft?.priority ?? "routine");
  const [choosing, setChoosing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useId();
  const send = useCall("send");
  const edit = useCall("edit");
  const [edited, setEdited] = useState("");
  const [caret, setCaret] = useState(0);
  const [form, setForm] = useState<Form["kind"] | null>(() => wantedForm(group));
  useEffect(formOpened, []);
  const [expiry, setExpiry] = useState<Passing>("keep");
  const [attaching, setAttaching] = useState(false);
  // In a dead spot it is as the hospital said last.
  const status = useStatus();
  const files = useMe().data?.attachments ?? status.data?.attachments;
  const expires = EXPIRY[expiry];
  const FlagIcon = FLAGS[priority];
  // An edit keeps the urgency of its message.
  const level = editing ? "routine" : priority;

  useEffect(() => {
    const before = drafts.get(group) ?? kept ?? NOTHING;
    if (before.text !== text || before.priority !== priority) {
      keepDraft(group, { text, priority });
    }
  }, [group, text, priority, kept]);

  useEffect(() => {
    if (replying || editing) {
      field.current?.focus();
    }
    setEdited(editing?.text ?? "");
    setCaret(0);
  }, [replying, editing]);

  const value = editing ? edited : text;
  const setValue = editing ? setEdited : setText;
  const naming = typed(value.slice(0, caret));
  const offered = naming === null ? [] : meant(people, naming).slice(0, OFFERED);

  const name = (person: PersonBrief) => {
    const before = `${value.slice(0, caret - (naming ?? "").length)}${person.username} `;
    setValue(before + value.slice(caret).trimStart());
    setCaret(before.length);
    field.current?.focus();
    // The field has the new text with the next frame, and its caret at the end of it.
    requestAnimationFrame(() => field.current?.setSelectionRange(before.length, before.length));
  };

  const instead = useInstead(group, patient?.id ?? null, () => {
    setText("");
    setPriority("routine");
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const words = value.trim();
    if (words === "" || send.isPending || edit.isPending) {
      return;
    }
    if (editing) {
      if (words === editing.text) {
        onDone();
        return;
      }
      edit.mutate(
        { group, id: editing.id, text: words },
        { onSuccess: onDone, onError: tellFailure },
      );
      return;
    }
    send.mutate(
      {
        group,
        text: words,
        priority,
        ...(replying ? { reply_to: replying.id } : {}),
        ...(expires ? { expires } : {}),
      },
      {
        onSuccess: () => {
          // What was typed or chosen while it went is the next message's.
          setText((now) => (now.startsWith(text) ? now.slice(text.length).trimStart() : now));
          setPriority((now) => (now === priority ? "routine" : now));
          setExpiry((now) => (now === expiry ? "keep" : now));
          setChoosing(false);
          onDone();
          field.current?.focus();
        },
        onError: tellFailure,
      },
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && (replying || editing)) {
      onDone();
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
    <>
      <form className={styles.composer} data-priority={level} data-writes onSubmit={submit}>
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
              <span>{inWords(replying)}</span>
            </div>
            <ActionIcon aria-label={t.conversation.stopReply} onClick={onDone}>
              <X aria-hidden />
            </ActionIcon>
          </div>
        ) : null}
        {editing ? (
          <div className={styles.replying}>
            <div>
              <strong>{t.conversation.editing}</strong>
              {editing.priority === "routine" ? null : <span>{t.conversation.editingNote}</span>}
            </div>
            <ActionIcon aria-label={t.conversation.stopEdit} onClick={onDone}>
              <X aria-hidden />
            </ActionIcon>
          </div>
        ) : null}
        {offered.length > 0 ? (
          <ul className={styles.names} aria-label={t.conversation.name}>
            {offered.map((person) => (
              <li key={person.id}>
                <button
                  type="button"
                  // The keyboard of a phone stays where it is.
                  onMouseDown={(event) => event.preventDefault()}
                  onClick={() => name(person)}
                >
                  <Avatar id={person.id} name={person.name} />
                  <span>
                    <strong>{person.name}</strong>
                    <small>{person.role}</small>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        {choosing && !editing ? (
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
        {choosing && !editing ? (
          <fieldset className={styles.expiry}>
            <legend>{t.conversation.expiry.label}</legend>
            {PASSING.map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={each === expiry}
                onClick={() => setExpiry(each)}
              >
                {t.conversation.expiry[each]}
              </button>
            ))}
          </fieldset>
        ) : null}
        {expiry === "keep" || choosing || editing ? null : (
          <p className={styles.passing}>
            {t.conversation.expiry.note(t.conversation.expiry[expiry])}
          </p>
        )}
        {choosing && !editing ? (
          <ul className={styles.forms} aria-label={t.conversation.forms.label}>
            {FORMS.map((kind) => (
              <li key={kind}>
                <button
                  type="button"
                  onClick={() => {
                    setChoosing(false);
                    setForm(kind);
                  }}
                >
                  <ClipboardList aria-hidden />
                  <span>
                    <strong>{t.conversation.forms[kind].title}</strong>
                    <small>{t.conversation.forms[kind].hint}</small>
                  </span>
                </button>
              </li>
            ))}
            {patient ? (
              <li>
                <button type="button" onClick={() => go({ at: "chart", group })}>
                  <FileHeart aria-hidden />
                  <span>
                    <strong>{t.references.label}</strong>
                    <small>{t.references.hint}</small>
                  </span>
                </button>
              </li>
            ) : null}
          </ul>
        ) : null}
        {patient ? <OtherLine text={value} about={patient} people={people} /> : null}
        {to && !isBot(to) && !choosing && !editing ? (
          <ReachLine
            person={to}
            priority={priority}
            onUrgent={() => choose("urgent")}
            onInstead={(better) => instead(better, { text, priority })}
          />
        ) : null}
        {!to && !choosing && !editing ? <GroupReach people={crowd} priority={priority} /> : null}
        {priority === "routine" || choosing || editing ? null : (
          <p className={styles.level}>
            {priority === "stat" ? t.priority.statNote : t.priority.urgentNote}
          </p>
        )}
        {priority === "stat" && !choosing && !editing ? <StatUse /> : null}
        <div className={styles.row}>
          {editing ? null : (
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
          )}
          {editing || !files?.allowed ? null : (
            <button
              type="button"
              className={styles.flag}
              aria-label={t.attachments.open}
              aria-haspopup="dialog"
              onClick={() => setAttaching(true)}
            >
              <Paperclip aria-hidden />
            </button>
          )}
          <Textarea
            ref={field}
            className={styles.field}
            aria-label={t.conversation.composer}
            placeholder={patient ? t.conversation.placeholderPatient : t.conversation.placeholder}
            autosize
            minRows={1}
            maxRows={6}
            value={value}
            maxLength={20_000}
            onChange={(event) => {
              setValue(event.currentTarget.value);
              setCaret(event.currentTarget.selectionStart);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
          />
          <button
            type="submit"
            className={styles.send}
            data-priority={level}
            aria-label={editing ? t.conversation.save : SEND[priority]}
            disabled={value.trim() === "" || send.isPending || edit.isPending}
          >
            {editing ? <Check aria-hidden /> : <SendHorizontal aria-hidden />}
          </button>
        </div>
      </form>
      {files ? (
        <AttachSheet
          group={group}
          opened={attaching}
          maxBytes={files.max_bytes}
          priority={priority}
          replyTo={replying?.id ?? null}
          expires={expires}
          onClose={() => setAttaching(false)}
          onSent={() => {
            setAttaching(false);
            setExpiry("keep");
            setPriority("routine");
            onDone();
          }}
        />
      ) : null}
      <FormSheet
        group={group}
        kind={form}
        patient={patient}
        people={people}
        priority={priority}
        replyTo={replying?.id ?? null}
        onClose={() => setForm(null)}
        onSent={() => {
          setForm(null);
          setPriority("routine");
          onDone();
        }}
      />
    </>
  );
}
