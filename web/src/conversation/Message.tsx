import { ActionIcon, Button } from "@mantine/core";
import {
  CheckCheck,
  CircleAlert,
  Clock,
  EllipsisVertical,
  Forward,
  Timer,
  TimerOff,
  Undo2,
} from "lucide-react";
import { memo } from "react";
import { Attached } from "../attachments/Attached";
import { inWords } from "../attachments/words";
import { PriorityTag } from "../conversations/PriorityTag";
import { problemText } from "../core/failure";
import type { MessageView, ReactionView } from "../core/methods";
import { useCall } from "../core/queries";
import type { Problem } from "../core/wire";
import { Referred } from "../references/Referred";
import { StatMark } from "../ringing/StatMark";
import { BotTag } from "../shell/BotTag";
import { tellFailure } from "../shell/notices";
import { StatLine } from "../stat/StatLine";
import { UnsentLine } from "../stat/UnsentCard";
import { usePages } from "../stat/usePage";
import { t } from "../texts";
import { clock, moment } from "../texts/time";
import styles from "./Message.module.css";
import { spans } from "./mentions";
import { StateIcon } from "./StateIcon";
import { useSwipe } from "./useSwipe";

export const Message = memo(function Message({
  group,
  about,
  message,
  answered,
  first,
  last,
  named,
  bot,
  sought,
  onReply,
  onMore,
  onVersions,
  onJump,
}: {
  group: string;
  /** Whom the conversation is about. */
  about: string | null;
  message: MessageView;
  /** What it answers; `gone` when that is not on this device. */
  answered: MessageView | "gone" | null;
  first: boolean;
  last: boolean;
  named: boolean;
  /** Whether a program wrote it. */
  bot: boolean;
  /** Whether it is the one for which the conversation was opened. */
  sought: boolean;
  onReply(message: MessageView): void;
  /** What can be done with it. */
  onMore(message: MessageView): void;
  /** What it said before. */
  onVersions(message: MessageView): void;
  /** To the message that it answers. */
  onJump(id: string): void;
}) {
  const { id, mine, from, priority, sent_at, state, seq, recalled } = message;
  const name = from?.name ?? t.conversation.unknownSender;
  const gone = recalled || message.expired;
  const stands = seq !== null && !gone;
  const swipe = useSwipe(stands ? () => onReply(message) : null);
  const refused = message.waiting.filter(({ problem }) => problem);
  return (
    <li
      className={styles.message}
      data-message={id}
      data-mine={mine || undefined}
      data-first={first || undefined}
      data-last={last || undefined}
      data-priority={gone ? "routine" : priority}
      data-state={state}
      data-gone={gone || undefined}
      data-sought={sought || undefined}
      data-stat={
        priority === "stat" && !mine && !gone ? (message.newest_seq ?? undefined) : undefined
      }
      tabIndex={sought ? -1 : undefined}
    >
      {(named || bot) && !mine && first ? (
        <span className={styles.name} aria-hidden>
          {name} {bot ? <BotTag /> : null}
        </span>
      ) : null}
      <div className={styles.line} {...swipe}>
        <div className={styles.bubble}>
          <span className="visually-hidden">
            {mine
              ? t.conversation.fromMe
              : t.conversation.from(bot ? `${name}, ${t.members.bot}` : name)}
          </span>
          {recalled ? (
            <Recalled message={message} name={name} />
          ) : message.expired ? (
            <div className={styles.gone}>
              <p>
                <TimerOff aria-hidden />
                {t.conversation.expiry.gone}
              </p>
            </div>
          ) : (
            <>
              <PriorityTag priority={priority} />
              <Forwarded message={message} />
              {answered ? <Quote answered={answered} onJump={onJump} /> : null}
              {message.attachment ? (
                <Attached group={group} message={message} file={message.attachment} />
              ) : null}
              {message.reference ? (
                <Referred
                  group={group}
                  reference={message.reference}
                  about={about}
                  sentAt={sent_at}
                />
              ) : null}
              {message.text === "" ? null : <Text message={message} />}
            </>
          )}
          <span className={styles.meta}>
            {message.edited_at === null ? null : (
              <button type="button" className={styles.edited} onClick={() => onVersions(message)}>
                {t.conversation.edited(clock(message.edited_at))}
              </button>
            )}
            <Waiting message={message} />
            {gone ? null : <Expires message={message} />}
            <time dateTime={new Date(sent_at).toISOString()}>{clock(sent_at)}</time>
            {mine && !gone ? <StateIcon state={state} /> : null}
          </span>
        </div>
        {stands ? (
          <ActionIcon
            className={styles.more}
            aria-label={mine ? t.conversation.more : t.conversation.moreOf(name)}
            aria-haspopup="dialog"
            onClick={() => onMore(message)}
          >
            <EllipsisVertical aria-hidden />
          </ActionIcon>
        ) : null}
      </div>
      {message.reactions.length > 0 ? <Reactions group={group} message={message} /> : null}
      {message.late_edit ? <span className={styles.late}>{t.conversation.lateEdit}</span> : null}
      {state === "failed" ? (
        <Failed id={id} title={t.conversation.failed} problem={message.problem} />
      ) : null}
      {refused.map((change) => (
        <Failed
          key={change.id}
          id={change.id}
          title={t.conversation.notTaken[change.kind]}
          problem={change.problem}
        />
      ))}
      {priority === "stat" && seq !== null ? <StatLine group={group} message={message} /> : null}
      {priority === "stat" && state === "sending" ? <UnsentLine id={id} /> : null}
      {!mine && priority !== "routine" && !gone ? (
        <Acknowledge group={group} message={message} />
      ) : null}
      {mine && priority !== "routine" && state === "acknowledged" && !gone ? (
        <span className={styles.acknowledged}>{t.conversation.states.acknowledged}</span>
      ) : null}
    </li>
  );
});

/** What was written: a form as a card, a text as it is. */
function Text({ message: { text, mentions, form } }: { message: MessageView }) {
  if (!form) {
    return (
      <p className={styles.text}>
        <Named text={text} people={mentions} />
      </p>
    );
  }
  const { title, fields } = t.conversation.forms[form.kind];
  return (
    <div className={styles.form}>
      <strong>{title}</strong>
      <dl>
        {fields.map((label, index) => {
          const said = form.fields[index]?.trim();
          return said ? (
            <div key={label}>
              <dt>{label}</dt>
              <dd className={styles.text}>
                <Named text={said} people={mentions} />
              </dd>
            </div>
          ) : null;
        })}
      </dl>
    </div>
  );
}

/** A text with the names in it. */
function Named({ text, people }: { text: string; people: MessageView["mentions"] }) {
  return spans(text, people).map(({ at, text: part, person }) =>
    person ? (
      <strong key={at} className={styles.named}>
        @{person.name}
      </strong>
    ) : (
      <span key={at}>{part}</span>
    ),
  );
}

function Recalled({ message, name }: { message: MessageView; name: string }) {
  const time = clock(message.recalled_at ?? message.sent_at);
  const after = message.recalled_after;
  return (
    <div className={styles.gone}>
      <p>
        <Undo2 aria-hidden />
        {message.mine ? t.conversation.recalledByMe(time) : t.conversation.recalledBy(name, time)}
      </p>
      {after.length > 0 ? <p>{t.conversation.recalledAfter(after.join(", "))}</p> : null}
    </div>
  );
}

/** Whose text it is, as whoever forwarded it says. */
function Forwarded({ message: { forwarded } }: { message: MessageView }) {
  return forwarded ? (
    <span className={styles.forwarded}>
      <Forward aria-hidden />
      {t.conversation.forwardedFrom(forwarded.name, moment(forwarded.sent_at, Date.now()))}
    </span>
  ) : null;
}

/** That it goes by itself, and when. */
function Expires({ message: { expires, expires_at } }: { message: MessageView }) {
  if (!expires) {
    return null;
  }
  const words = t.conversation.expiry;
  const text =
    expires === "read" || expires_at === null
      ? words.onRead
      : words.at(moment(expires_at, Date.now()));
  return (
    <span className={styles.waiting} title={text}>
      <Timer aria-hidden />
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

/** That a change is still on its way. */
function Waiting({ message }: { message: MessageView }) {
  const waiting = message.waiting.find(({ problem }) => !problem);
  return waiting ? (
    <span className={styles.waiting}>
      <Clock aria-hidden />
      <span className="visually-hidden">{t.conversation.waiting[waiting.kind]}</span>
    </span>
  ) : null;
}

function Quote({ answered, onJump }: { answered: MessageView | "gone"; onJump(id: string): void }) {
  if (answered === "gone") {
    return <span className={styles.quote}>{t.conversation.originalMissing}</span>;
  }
  const name = answered.mine
    ? t.conversations.you
    : (answered.from?.name ?? t.conversation.unknownSender);
  return (
    <button type="button" className={styles.quote} onClick={() => onJump(answered.id)}>
      <span className="visually-hidden">{t.conversation.toOriginal}</span>
      <strong>{name}</strong>
      <span>{quoted(answered)}</span>
    </button>
  );
}

function quoted(answered: MessageView): string {
  if (answered.expired) {
    return t.conversation.expiry.gone;
  }
  return answered.recalled ? t.conversation.recalledShort : inWords(answered);
}

/** Reactions, each with its people; a tap reacts alike, or takes one's own back. */
function Reactions({ group, message }: { group: string; message: MessageView }) {
  const react = useCall("react");
  const unreact = useCall("unreact");
  const toggle = ({ emoji, mine }: ReactionView) => {
    const call = mine ? unreact : react;
    call.mutate({ group, id: message.id, emoji }, { onError: tellFailure });
  };
  return (
    <ul className={styles.reactions} aria-label={t.conversation.reactions}>
      {message.reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <button
            type="button"
            aria-pressed={reaction.mine}
            aria-label={t.conversation.reactedBy(
              t.conversation.emoji[reaction.emoji] ?? reaction.emoji,
              reaction.people.join(", "),
            )}
            title={reaction.people.join(", ")}
            onClick={() => toggle(reaction)}
          >
            <span aria-hidden>
              {reaction.emoji}
              {reaction.people.length > 1 ? <small>{reaction.people.length}</small> : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Something that the hospital refused, and what the person wants of it. */
function Failed({
  id,
  title,
  problem,
}: {
  id: string;
  title: string;
  problem: Problem | null | undefined;
}) {
  const retry = useCall("retry");
  const discard = useCall("discard");
  const reason = problem ? problemText(problem) : null;
  return (
    <div className={styles.failed} role="alert">
      <p>
        <CircleAlert aria-hidden />
        <span>
          <strong>{title}.</strong> {reason}
        </span>
      </p>
      <div>
        <Button
          loading={retry.isPending}
          onClick={() => retry.mutate({ id }, { onError: tellFailure })}
        >
          {t.retry}
        </Button>
        <Button
          variant="subtle"
          color="red"
          loading={discard.isPending}
          onClick={() => discard.mutate({ id }, { onError: tellFailure })}
        >
          {t.conversation.discard}
        </Button>
      </div>
    </div>
  );
}

function Acknowledge({ group, message }: { group: string; message: MessageView }) {
  const acknowledge = useCall("acknowledge");
  const { asked } = usePages(group, message);
  if (message.state === "acknowledged") {
    return (
      <span className={styles.acknowledged}>
        <CheckCheck aria-hidden />
        {t.conversation.acknowledged}
        {message.priority === "stat" && message.seq !== null ? (
          <StatMark group={group} seq={message.seq} />
        ) : null}
      </span>
    );
  }
  const { newest_seq: seq } = message;
  // Where it is asked for above all else, it is not asked for here, too.
  if (seq === null || asked) {
    return null;
  }
  return (
    <Button
      className={styles.acknowledge}
      variant={message.priority === "stat" ? "filled" : "default"}
      {...(message.priority === "stat" ? { color: "red" } : {})}
      leftSection={<CheckCheck aria-hidden />}
      loading={acknowledge.isPending}
      onClick={() => acknowledge.mutate({ group, up_to: seq }, { onError: tellFailure })}
    >
      {t.conversation.acknowledge}
    </Button>
  );
}
