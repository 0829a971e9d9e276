/** All conversations, the most urgent first. */
import { Button, CloseButton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { ChevronRight, MessageSquarePlus, Search, SquarePen } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import type { ConversationView } from "../core/methods";
import { useConversations, useFound, useIndexing, useStatus } from "../core/queries";
import { Empty } from "../shell/Empty";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { ConversationItem } from "./ConversationItem";
import styles from "./Conversations.module.css";
import { Found } from "./Found";
import { matching } from "./matching";
import { SearchFilters } from "./SearchFilters";
import { NO_FILTERS, narrowed, wantedOf } from "./wanted";

/** How long typing rests before messages are looked for. */
const PAUSE_MS = 150;

export function Conversations({ current }: { current: string | null }) {
  const conversations = useConversations();
  const [search, setSearch] = useState("");
  const [filters, setFilters] = useState(NO_FILTERS);
  const [searching, setSearching] = useState(false);
  const [typed] = useDebouncedValue(search, PAUSE_MS);
  const asked = wantedOf(search, filters);
  const wanted = asked === null ? null : wantedOf(typed, filters);
  const found = useFound(wanted);
  const indexing = useIndexing();
  const me = useStatus().data?.user?.id;
  const now = Date.now();
  const all = conversations.data ?? [];
  const shown = matching(narrowed(all, filters), search);
  // A search looks everywhere.
  const listed = shown.filter(({ archived }) => !archived || asked !== null);
  const away = shown.filter((each) => !listed.includes(each));
  const item = (each: ConversationView) => (
    <li key={each.id}>
      <ConversationItem conversation={each} current={each.id === current} now={now} />
    </li>
  );

  const end = () => {
    setSearch("");
    setFilters(NO_FILTERS);
    setSearching(false);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape") {
      end();
    }
  };

  return (
    <section className={styles.pane} aria-label={t.conversations.list}>
      <header className={styles.header}>
        <h1>{t.conversations.title}</h1>
        <Button
          className={styles.new}
          leftSection={<SquarePen aria-hidden />}
          onClick={() => go({ at: "new" })}
        >
          {t.conversations.new}
        </Button>
      </header>
      <div className={styles.search}>
        <TextInput
          type="search"
          aria-label={t.conversations.search}
          placeholder={t.conversations.search}
          leftSection={<Search aria-hidden />}
          rightSection={
            searching ? (
              <CloseButton size="var(--touch)" aria-label={t.found.clear} onClick={end} />
            ) : null
          }
          value={search}
          onFocus={() => setSearching(true)}
          onKeyDown={onKeyDown}
          onChange={(event) => {
            setSearching(true);
            setSearch(event.currentTarget.value);
          }}
        />
        {searching && all.length > 0 ? (
          <SearchFilters conversations={all} me={me} filters={filters} onChange={setFilters} />
        ) : null}
      </div>
      {conversations.isPending ? <Waiting /> : null}
      {conversations.error ? (
        <Empty title={t.failure.title} text={conversations.error.message} />
      ) : null}
      {conversations.data && all.length === 0 ? (
        <Empty
          icon={<MessageSquarePlus aria-hidden />}
          title={t.conversations.empty}
          text={t.conversations.emptyHint}
        />
      ) : null}
      {wanted && shown.length > 0 ? (
        <h2 className={styles.heading}>{t.conversations.list}</h2>
      ) : null}
      {listed.length > 0 ? <ul className={styles.items}>{listed.map(item)}</ul> : null}
      {away.length > 0 ? (
        <details className={styles.archive}>
          <summary>
            <ChevronRight aria-hidden />
            {t.conversations.archived(away.length)}
          </summary>
          <ul className={styles.items}>{away.map(item)}</ul>
        </details>
      ) : null}
      {wanted ? (
        <Found found={found} conversations={all} indexing={indexing.data} now={now} />
      ) : null}
    </section>
  );
}
