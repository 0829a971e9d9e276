/** All conversations, the most urgent first. */
import { Button, CloseButton, TextInput } from "@mantine/core";
import { ChevronRight, MessageSquarePlus, Search, SquarePen } from "lucide-react";
import { useState } from "react";
import type { ConversationView } from "../core/methods";
import { useConversations } from "../core/queries";
import { Empty } from "../shell/Empty";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { ConversationItem } from "./ConversationItem";
import styles from "./Conversations.module.css";
import { matching } from "./matching";

export function Conversations({ current }: { current: string | null }) {
  const conversations = useConversations();
  const [search, setSearch] = useState("");
  const now = Date.now();
  const all = conversations.data ?? [];
  const shown = matching(all, search);
  // A search looks everywhere.
  const listed = shown.filter(({ archived }) => !archived || search.trim() !== "");
  const away = shown.filter((each) => !listed.includes(each));
  const item = (each: ConversationView) => (
    <li key={each.id}>
      <ConversationItem conversation={each} current={each.id === current} now={now} />
    </li>
  );

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
            search ? (
              <CloseButton size="var(--touch)" aria-label={t.close} onClick={() => setSearch("")} />
            ) : null
          }
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
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
      {all.length > 0 && shown.length === 0 ? (
        <Empty title={t.conversations.nothingFound(search.trim())} />
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
    </section>
  );
}
