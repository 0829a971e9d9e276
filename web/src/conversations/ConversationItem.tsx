import { AtSign, BedDouble, BellOff, Pin } from "lucide-react";
import { inWords } from "../attachments/words";
import { StateIcon } from "../conversation/StateIcon";
import type { ConversationView } from "../core/methods";
import { Avatar } from "../shell/Avatar";
import { address } from "../shell/routes";
import { t } from "../texts";
import { brief } from "../texts/time";
import styles from "./Conversations.module.css";
import { PriorityTag } from "./PriorityTag";

export function ConversationItem({
  conversation,
  current,
  now,
}: {
  conversation: ConversationView;
  current: boolean;
  now: number;
}) {
  const { id, kind, title, patient, unread, last } = conversation;
  const { priority_unread: priority, mentions_unread: mentions } = conversation;
  const { draft, marked_unread: marked } = conversation;
  return (
    <a
      className={styles.item}
      href={address({ at: "conversation", group: id })}
      aria-current={current ? "true" : undefined}
      data-unread={unread > 0 || marked || undefined}
      data-priority={priority ?? undefined}
    >
      <Avatar id={id} name={title} kind={kind} />
      <span className={styles.words}>
        <span className={styles.row}>
          <span className={styles.title}>{title}</span>
          {conversation.muted ? <Mark Icon={BellOff} text={t.conversations.muted} /> : null}
          {conversation.pinned ? <Mark Icon={Pin} text={t.conversations.pinned} /> : null}
          {last ? <time className={styles.time}>{brief(last.sent_at, now)}</time> : null}
        </span>
        {patient ? (
          <span className={styles.patient}>
            <BedDouble aria-hidden />
            <span className="visually-hidden">{t.conversations.patient(patient.name)}</span>
            <span aria-hidden className={styles.clip}>
              {patient.name}
              {patient.location ? ` · ${patient.location}` : ""}
            </span>
            <Tag priority={priority} />
          </span>
        ) : null}
        <span className={styles.row}>
          <span className={styles.last}>
            {draft && !current ? (
              <strong className={styles.draft}>{t.conversations.draft}</strong>
            ) : last?.mine ? (
              <StateIcon state={last.state} />
            ) : null}
            <span className={styles.clip}>
              {draft && !current ? draft.text : preview(conversation)}
            </span>
          </span>
          {patient ? null : <Tag priority={priority} />}
          {mentions > 0 ? (
            <span className={styles.named}>
              <AtSign aria-hidden />
              <span className="visually-hidden">{t.conversations.named(mentions)}</span>
            </span>
          ) : null}
          {unread > 0 ? (
            <span className={styles.unread}>
              <span aria-hidden>{unread > 99 ? "99+" : unread}</span>
              <span className="visually-hidden">{t.conversations.unread(unread)}</span>
            </span>
          ) : marked ? (
            <span className={styles.unread}>
              <span className="visually-hidden">{t.conversations.markedUnread}</span>
            </span>
          ) : null}
        </span>
      </span>
    </a>
  );
}

function Mark({ Icon, text }: { Icon: typeof Pin; text: string }) {
  return (
    <span className={styles.mark}>
      <Icon aria-hidden />
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

function Tag({ priority }: { priority: ConversationView["priority_unread"] }) {
  return priority ? <PriorityTag priority={priority} waiting /> : null;
}

/** The newest words; in larger rounds with the name of who wrote them. */
function preview({ last, members }: ConversationView): string {
  if (!last) {
    return t.conversations.noMessages;
  }
  if (last.expired) {
    return t.conversations.expired;
  }
  if (last.recalled) {
    return t.conversations.recalled;
  }
  const words = last.burns ? t.conversations.burns : inWords(last);
  if (last.mine) {
    return `${t.conversations.you}: ${words}`;
  }
  // The family name tells who, in the little room there is.
  const name = last.from.split(" ").at(-1);
  return members.length > 2 && name ? `${name}: ${words}` : words;
}
