/** Messages that were found on this device. */
import { Button } from "@mantine/core";
import type { ConversationView, SearchHit, SearchProgress } from "../core/methods";
import type { useFound } from "../core/queries";
import { Avatar } from "../shell/Avatar";
import { Empty } from "../shell/Empty";
import { address } from "../shell/routes";
import { t } from "../texts";
import { brief } from "../texts/time";
import styles from "./Conversations.module.css";
import { PriorityTag } from "./PriorityTag";

export function Found({
  found,
  conversations,
  indexing,
  now,
}: {
  found: ReturnType<typeof useFound>;
  conversations: readonly ConversationView[];
  indexing: SearchProgress | undefined;
  now: number;
}) {
  const hits = found.data?.pages.flatMap((page) => page.hits) ?? [];
  const titles = new Map(conversations.map(({ id, title, kind }) => [id, { title, kind }]));
  return (
    <section aria-label={t.found.region}>
      <h2 className={styles.heading}>{t.found.messages}</h2>
      <p className="visually-hidden" role="status">
        {found.data && !found.isPlaceholderData
          ? t.found.count(hits.length, found.hasNextPage)
          : ""}
      </p>
      {indexing && !indexing.whole ? (
        <p className={styles.indexing} role="status">
          {t.found.indexing(Math.floor((100 * indexing.done) / Math.max(1, indexing.of)))}
        </p>
      ) : null}
      {found.error ? <Empty title={t.failure.title} text={found.error.message} /> : null}
      {found.data && hits.length === 0 ? <p className={styles.none}>{t.found.none}</p> : null}
      <ul className={styles.items}>
        {hits.map((hit) => (
          <li key={hit.id}>
            <Hit hit={hit} conversation={titles.get(hit.group)} now={now} />
          </li>
        ))}
      </ul>
      {found.hasNextPage ? (
        <Button
          className={styles.more}
          variant="default"
          loading={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {t.found.more}
        </Button>
      ) : null}
    </section>
  );
}

function Hit({
  hit,
  conversation,
  now,
}: {
  hit: SearchHit;
  conversation: Pick<ConversationView, "title" | "kind"> | undefined;
  now: number;
}) {
  const { group, seq, mine, from, sent_at, snippet, priority } = hit;
  const name = mine ? t.conversations.you : (from?.name ?? t.conversation.unknownSender);
  return (
    <a className={styles.item} href={address({ at: "conversation", group, message: seq })}>
      <Avatar id={from?.id ?? group} name={from?.name ?? name} />
      <span className={styles.words}>
        <span className={styles.row}>
          <span className={styles.title}>{name}</span>
          <time className={styles.time} dateTime={new Date(sent_at).toISOString()}>
            {brief(sent_at, now)}
          </time>
        </span>
        {conversation && conversation.title !== name ? (
          <span className={styles.where}>{t.found.in(conversation.title)}</span>
        ) : null}
        <span className={styles.snippet}>
          <PriorityTag priority={priority} />
          {parts(snippet).map(({ key, text, marked }) =>
            marked ? (
              <mark key={key} className={styles.marked}>
                {text}
              </mark>
            ) : (
              text
            ),
          )}
        </span>
      </span>
    </a>
  );
}

/** With where each begins, by which it is told from the others. */
function parts(snippet: SearchHit["snippet"]) {
  let key = 0;
  return snippet.map((part) => {
    const keyed = { ...part, key };
    key += part.text.length;
    return keyed;
  });
}
