/** One conversation: who, about whom, what was written, and the field to write in. */
import { ActionIcon, Button } from "@mantine/core";
import { ArrowDown, ChevronLeft, EllipsisVertical, UsersRound } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { call } from "../core/core";
import type { ConversationView, MessageView } from "../core/methods";
import {
  useCall,
  useConversations,
  useMessages,
  useRoles,
  useStat,
  useStatus,
} from "../core/queries";
import type { OnCallRole, PersonBrief } from "../core/wire";
import { Banner } from "../patients/Banner";
import { isBot } from "../people/bot";
import { Empty } from "../shell/Empty";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { isOf, isSettled } from "../stat/timeline";
import { t } from "../texts";
import { clock, day } from "../texts/time";
import { arrange, firstFresh, type Line, pressing } from "./arrange";
import { CareLine } from "./CareLine";
import { Composer } from "./Composer";
import styles from "./Conversation.module.css";
import { ForwardSheet } from "./ForwardSheet";
import { Members } from "./Members";
import { Message } from "./Message";
import { MessageSheet } from "./MessageSheet";
import { places } from "./memory";
import { PlaceSheet } from "./PlaceSheet";
import { QuickReplies } from "./QuickReplies";
import { UnfollowedLine } from "./UnfollowedLine";
import { useReading } from "./useReading";
import { useScroll } from "./useScroll";
import { useSought } from "./useSought";
import { Versions } from "./Versions";

const PAGE = 60;
const NOBODY: readonly PersonBrief[] = [];
const FOUND_MS = 1_600;

/** `place` is the message for which it is opened. */
export function Conversation({ group, place }: { group: string; place: number | null }) {
  const conversations = useConversations();
  const conversation = conversations.data?.find(({ id }) => id === group);
  if (conversation) {
    return <Opened conversation={conversation} place={place} />;
  }
  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <Back />
      </header>
      {conversations.isPending ? (
        <Waiting />
      ) : (
        <Empty title={t.conversation.notFound} text={t.conversation.notFoundHint} />
      )}
    </div>
  );
}

function Opened({ conversation, place }: { conversation: ConversationView; place: number | null }) {
  const { id: group, title, members, patient, kind, created_by } = conversation;
  const me = useStatus().data?.user?.id;
  const [limit, setLimit] = useState(() => places.get(group)?.limit ?? PAGE);
  const messages = useMessages(group, limit);
  const [replying, setReplying] = useState<MessageView | null>(null);
  const [editing, setEditing] = useState<MessageView | null>(null);
  const [chosen, setChosen] = useState<MessageView | null>(null);
  const [forwarding, setForwarding] = useState<MessageView | null>(null);
  const [versions, setVersions] = useState<MessageView | null>(null);
  const [showPeople, setShowPeople] = useState(false);
  const [placing, setPlacing] = useState(false);
  const fresh = useFresh(messages.data, conversation.unread);

  const more = (messages.data?.length ?? 0) >= limit && !messages.isPlaceholderData;
  const older = more ? () => setLimit(limit + PAGE) : null;
  const scroll = useScroll(group, messages.data, limit, older);
  const loaded = messages.isPlaceholderData ? undefined : messages.data;
  const settled = useSought(scroll, loaded, place, limit, setLimit);
  useReading(group, messages.data, scroll.atEnd && settled, scroll.ref);
  useLooking(group, conversation.marked_unread);

  const days = useMemo(() => arrange(messages.data ?? [], fresh), [messages.data, fresh]);
  const byId = useMemo(
    () => new Map((messages.data ?? []).map((message) => [message.id, message])),
    [messages.data],
  );
  const { data: pages } = useStat();
  const urgent = useMemo(() => {
    const here = pages?.filter((page) => page.group === group) ?? [];
    const settled = (message: MessageView) =>
      isSettled(
        here.filter((page) => isOf(page, message)),
        me ?? "",
      );
    return pressing(messages.data ?? [], settled);
  }, [messages.data, pages, group, me]);
  const now = Date.now();
  const holder = useHolder(conversation);
  const purpose = purposeOf(conversation, holder);
  const has = holder?.holder;
  const to = otherOf(conversation) ?? (has && has.id !== me ? has : null);
  // Of a message to a list only its sender writes on; who answers writes to them alone.
  const answersApart = kind === "broadcast" && created_by !== me;
  // Who wrote stays known when their devices are gone, and with them they from the members.
  const authors = new Set(
    messages.data?.flatMap(({ mine, from }) => (mine || !from ? [] : [from.id])),
  );
  const crowd = members.length > 2 || authors.size > 1;
  const bots = new Set(members.filter(({ bot }) => bot).map(({ user }) => user.id));

  const reply = useCallback((message: MessageView) => {
    setEditing(null);
    setReplying(message);
  }, []);
  const edit = useCallback((message: MessageView) => {
    setReplying(null);
    setEditing(message);
  }, []);
  const { ref: list } = scroll;
  const jump = useCallback((id: string) => show(list.current, id), [list]);
  const people = useMemo(
    () => members.map(({ user }) => user).filter(({ id }) => id !== me),
    [members, me],
  );

  // A program notices by itself.
  const written = useMemo(
    () => members.flatMap(({ user, bot }) => (bot || user.id === me ? [] : [user])),
    [members, me],
  );

  const line = (each: Line) => {
    switch (each.kind) {
      case "fresh":
        return (
          <li key="fresh" className={styles.fresh} data-fresh>
            <span>{t.conversation.newMessages}</span>
          </li>
        );
      case "notice":
        return (
          <li key={each.message.id} className={styles.notice}>
            {each.message.notice_text}
          </li>
        );
      case "message":
        return (
          <Message
            key={each.message.id}
            group={group}
            about={patient?.id ?? null}
            message={each.message}
            answered={each.message.reply_to ? (byId.get(each.message.reply_to) ?? "gone") : null}
            first={each.first}
            last={each.last}
            named={crowd}
            bot={isFromBot(each.message.from, bots)}
            sought={place !== null && each.message.seq === place}
            onReply={reply}
            onMore={setChosen}
            onVersions={setVersions}
            onJump={jump}
          />
        );
    }
  };

  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <Back />
        <div className={styles.heading}>
          <h1>{title}</h1>
          <p>{[purpose, subtitle(conversation)].filter(Boolean).join("\u00a0·\u00a0")}</p>
        </div>
        <ActionIcon aria-label={t.conversation.details} onClick={() => setShowPeople(true)}>
          <UsersRound aria-hidden />
        </ActionIcon>
        <ActionIcon
          aria-label={t.conversation.place.open}
          aria-haspopup="dialog"
          onClick={() => setPlacing(true)}
        >
          <EllipsisVertical aria-hidden />
        </ActionIcon>
      </header>
      {patient ? (
        <Banner patient={patient} chart={{ at: "chart", group }} notes={{ at: "notes", group }} />
      ) : null}
      {conversation.removal_pending ? (
        <p className={styles.pending} role="status">
          {t.conversation.removalPending}
        </p>
      ) : null}
      {conversation.strangers.length > 0 ? (
        <Strangers conversation={conversation} onLook={() => setShowPeople(true)} />
      ) : null}
      <CareLine conversation={conversation} onLook={() => setShowPeople(true)} />
      <UnfollowedLine conversation={conversation} />
      <div className={styles.middle}>
        <section
          ref={scroll.ref}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it (WCAG 2.1.1)
          tabIndex={0}
          className={styles.scroll}
          onScroll={scroll.onScroll}
          aria-label={t.conversation.messages}
        >
          {messages.isPending ? <Waiting /> : null}
          {messages.error ? <Empty title={t.failure.title} text={messages.error.message} /> : null}
          {messages.data?.length === 0 ? (
            <Empty title={t.conversation.empty} text={t.conversation.emptyHint} />
          ) : null}
          {older ? (
            <button type="button" className={styles.older} onClick={older}>
              {t.conversation.older}
            </button>
          ) : null}
          {days.map((each, index) => (
            <section
              key={each.at}
              className={styles.day}
              data-far={index < days.length - 2 || undefined}
              aria-label={day(each.at, now)}
            >
              <h2>
                <span>{day(each.at, now)}</span>
              </h2>
              <ol>{each.lines.map(line)}</ol>
            </section>
          ))}
        </section>
        {scroll.atEnd ? null : (
          <button
            type="button"
            className={styles.toEnd}
            data-new={scroll.below || undefined}
            onClick={scroll.toEnd}
          >
            <ArrowDown aria-hidden />
            <span className={scroll.below ? undefined : "visually-hidden"}>
              {scroll.below ? t.conversation.newMessages : t.conversation.toNewest}
            </span>
          </button>
        )}
      </div>
      {urgent && !editing && !answersApart ? <QuickReplies group={group} to={urgent} /> : null}
      {answersApart ? (
        <AnswerApart conversation={conversation} />
      ) : (
        <Composer
          group={group}
          to={to}
          crowd={to || kind === "direct" ? NOBODY : written}
          patient={patient ?? null}
          kept={conversation.draft}
          people={people}
          replying={replying}
          editing={editing}
          onDone={() => {
            setReplying(null);
            setEditing(null);
          }}
        />
      )}
      <MessageSheet
        group={group}
        message={chosen}
        onClose={() => setChosen(null)}
        onReply={reply}
        onEdit={edit}
        onForward={setForwarding}
      />
      <ForwardSheet
        group={group}
        patient={conversation.patient?.id ?? null}
        message={forwarding}
        onClose={() => setForwarding(null)}
      />
      <PlaceSheet opened={placing} onClose={() => setPlacing(false)} conversation={conversation} />
      <Versions message={versions} onClose={() => setVersions(null)} />
      <Members
        opened={showPeople}
        onClose={() => setShowPeople(false)}
        conversation={conversation}
        fixed={kind === "direct"}
      />
    </div>
  );
}

/** Brings a message into sight and marks it for a moment. */
function show(list: HTMLElement | null, id: string): void {
  const found = list?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
  if (found) {
    found.scrollIntoView({ block: "center" });
    found.dataset.found = "";
    setTimeout(() => delete found.dataset.found, FOUND_MS);
  }
}

/** Asks to look who came before anything more is sent. */
function Strangers({ conversation, onLook }: { conversation: ConversationView; onLook(): void }) {
  const accept = useCall("accept_members");
  return (
    <div className={styles.strangers} role="alert">
      <p>{t.conversation.strangers(conversation.strangers.map(({ name }) => name).join(", "))}</p>
      <div>
        <Button size="xs" variant="default" onClick={onLook}>
          {t.conversation.strangersLook}
        </Button>
        <Button
          size="xs"
          loading={accept.isPending}
          onClick={() => accept.mutate({ group: conversation.id }, { onError: tellFailure })}
        >
          {t.conversation.strangersAccept}
        </Button>
      </div>
    </div>
  );
}

/** What was marked as unread is looked at now; a mark that is set while it is open stays. */
function useLooking(group: string, marked: boolean): void {
  const [atOpening] = useState(marked);
  useEffect(() => {
    if (atOpening) {
      // The mark stays in the list, and goes with the next look.
      call("mark", { group, unread: false }).catch(() => undefined);
    }
  }, [group, atOpening]);
}

/** The first unread message as it was when the conversation was opened. */
function useFresh(messages: readonly MessageView[] | undefined, unread: number): string | null {
  const [fresh, setFresh] = useState<string | null | undefined>(undefined);
  const found = fresh === undefined && messages ? firstFresh(messages, unread) : fresh;
  useEffect(() => {
    if (fresh === undefined && found !== undefined) {
      setFresh(found);
    }
  }, [fresh, found]);
  return found ?? null;
}

/** The other one of a conversation of two. */
function otherOf({
  kind,
  members,
  title,
}: Pick<ConversationView, "kind" | "members" | "title">): PersonBrief | null {
  return kind === "direct" && members.length <= 2
    ? (members.find(({ user }) => user.name === title)?.user ?? null)
    : null;
}

function subtitle({ kind, members, role_title, title }: ConversationView): string {
  if (kind === "direct" && members.length <= 2) {
    const other = otherOf({ kind, members, title });
    return other ? `${other.role}, ${other.department}` : "";
  }
  // A number does not stand at the end of a line without what it counts.
  const people = t.conversation.people(members.length).replace(" ", "\u00a0");
  return role_title && role_title !== title ? `${role_title} · ${people}` : people;
}

/** Of a role's conversation who has it now. */
function useHolder({ kind, role }: ConversationView): OnCallRole | undefined {
  const roles = useRoles(kind === "role");
  return kind === "role" ? roles.data?.find(({ slug }) => slug === role) : undefined;
}

/** What kind of conversation it is, where that is not seen by who is in it; of a role who has it now. */
function purposeOf({ kind }: ConversationView, now: OnCallRole | undefined): string | null {
  switch (kind) {
    case "role":
      return now ? roleNow(now) : t.conversation.purpose.role;
    case "code":
    case "broadcast":
    case "team":
      return t.conversation.purpose[kind];
    default:
      return null;
  }
}

function roleNow({ holder, until }: OnCallRole): string {
  if (!holder) {
    return t.people.gap;
  }
  const has = t.people.holder(holder.name);
  return until ? `${has}, ${t.people.until(clock(until))}` : has;
}

/** Where the composer is not: the way to whoever sent it. */
function AnswerApart({
  conversation: { created_by, members },
}: {
  conversation: ConversationView;
}) {
  const start = useCall("start");
  const sender = members.find(({ user }) => user.id === created_by)?.user;
  return (
    <div className={styles.apart}>
      <p>{t.conversation.answersApart}</p>
      {sender ? (
        <Button
          loading={start.isPending}
          onClick={() =>
            start.mutate(
              { users: [sender.id] },
              {
                onSuccess: ({ group }) => go({ at: "conversation", group }),
                onError: tellFailure,
              },
            )
          }
        >
          {t.conversation.answerTo(sender.name)}
        </Button>
      ) : null}
    </div>
  );
}

function Back() {
  return (
    <ActionIcon
      className={styles.back}
      aria-label={t.back}
      onClick={() => go({ at: "conversations" })}
    >
      <ChevronLeft aria-hidden />
    </ActionIcon>
  );
}

function isFromBot(from: PersonBrief | null, bots: ReadonlySet<string>): boolean {
  return from !== null && (bots.has(from.id) || isBot(from));
}
