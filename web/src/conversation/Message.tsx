import { ActionIcon, Button } from "@mantine/core";
import { CheckCheck, CircleAlert, CornerUpLeft } from "lucide-react";
import { memo } from "react";
import { PriorityTag } from "../conversations/PriorityTag";
import { problemText } from "../core/failure";
import type { MessageView } from "../core/methods";
import { useCall } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import { clock } from "../texts/time";
import styles from "./Message.module.css";
import { StateIcon } from "./StateIcon";

export const Message = memo(function Message({
  group,
  message,
  answered,
  first,
  last,
  named,
  sought,
  onReply,
}: {
  group: string;
  message: MessageView;
  /** What it answers; `gone` when that is not on this device. */
  answered: MessageView | "gone" | null;
  first: boolean;
  last: boolean;
  named: boolean;
  /** Whether it is the one for which the conversation was opened. */
  sought: boolean;
  onReply(message: MessageView): void;
}) {
  const { mine, from, text, priority, sent_at, state } = message;
  const name = from?.name ?? t.conversation.unknownSender;
  return (
    <li
      className={styles.message}
      data-mine={mine || undefined}
      data-first={first || undefined}
      data-last={last || undefined}
      data-priority={priority}
      data-state={state}
      data-sought={sought || undefined}
      tabIndex={sought ? -1 : undefined}
    >
      {named && !mine && first ? (
        <span className={styles.name} aria-hidden>
          {name}
        </span>
      ) : null}
      <div className={styles.line}>
        <div className={styles.bubble}>
          <span className="visually-hidden">
            {mine ? t.conversation.fromMe : t.conversation.from(name)}
          </span>
          <PriorityTag priority={priority} />
          {answered ? <Quote answered={answered} /> : null}
          <p className={styles.text}>{text}</p>
          <span className={styles.meta}>
            <time dateTime={new Date(sent_at).toISOString()}>{clock(sent_at)}</time>
            {mine ? <StateIcon state={state} /> : null}
          </span>
        </div>
        {message.seq === null ? null : (
          <ActionIcon
            className={styles.reply}
            aria-label={
              mine ? t.conversation.replyTo(t.conversation.yourself) : t.conversation.replyTo(name)
            }
            onClick={() => onReply(message)}
          >
            <CornerUpLeft aria-hidden />
          </ActionIcon>
        )}
      </div>
      {state === "failed" ? <Failed message={message} /> : null}
      {!mine && priority !== "routine" ? <Acknowledge group={group} message={message} /> : null}
      {mine && priority !== "routine" && state === "acknowledged" ? (
        <span className={styles.acknowledged}>{t.conversation.states.acknowledged}</span>
      ) : null}
    </li>
  );
});

function Quote({ answered }: { answered: MessageView | "gone" }) {
  if (answered === "gone") {
    return <span className={styles.quote}>{t.conversation.originalMissing}</span>;
  }
  const name = answered.mine
    ? t.conversations.you
    : (answered.from?.name ?? t.conversation.unknownSender);
  return (
    <span className={styles.quote}>
      <strong>{name}</strong>
      <span>{answered.text}</span>
    </span>
  );
}

function Failed({ message }: { message: MessageView }) {
  const retry = useCall("retry");
  const discard = useCall("discard");
  const reason = message.problem ? problemText(message.problem) : null;
  return (
    <div className={styles.failed} role="alert">
      <p>
        <CircleAlert aria-hidden />
        <span>
          <strong>{t.conversation.failed}.</strong> {reason}
        </span>
      </p>
      <div>
        <Button
          loading={retry.isPending}
          onClick={() => retry.mutate({ id: message.id }, { onError: tellFailure })}
        >
          {t.retry}
        </Button>
        <Button
          variant="subtle"
          color="red"
          loading={discard.isPending}
          onClick={() => discard.mutate({ id: message.id }, { onError: tellFailure })}
        >
          {t.conversation.discard}
        </Button>
      </div>
    </div>
  );
}

function Acknowledge({ group, message }: { group: string; message: MessageView }) {
  const acknowledge = useCall("acknowledge");
  if (message.state === "acknowledged") {
    return (
      <span className={styles.acknowledged}>
        <CheckCheck aria-hidden />
        {t.conversation.acknowledged}
      </span>
    );
  }
  const { seq } = message;
  if (seq === null) {
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
