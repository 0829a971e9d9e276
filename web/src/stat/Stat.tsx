/** Every STAT message that concerns this person, with what became of it. */
import { Button } from "@mantine/core";
import { CheckCheck } from "lucide-react";
import { useApi, useStat, useStatus } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import own from "./Stat.module.css";
import { Happened } from "./StatLine";
import { addressee, addressees, byMessage, tookIt, worst } from "./timeline";

export default function Stat() {
  const stat = useStat();
  const me = useStatus().data?.user?.id ?? "";
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it (WCAG 2.1.1)
      tabIndex={0}
      className={styles.screen}
      aria-label={t.stat.title}
    >
      <div className={styles.column}>
        <header className={styles.header}>
          <h1>{t.stat.title}</h1>
        </header>
        {stat.isPending ? <Waiting /> : null}
        {stat.error ? <Empty title={t.failure.title} text={stat.error.message} /> : null}
        {stat.data?.length === 0 ? <Empty title={t.stat.none} text={t.stat.noneHint} /> : null}
        {byMessage(stat.data ?? []).map((pages) => (
          <Message key={pages[0]?.id} pages={pages} me={me} />
        ))}
      </div>
    </section>
  );
}

function Message({ pages, me }: { pages: EscalationInfo[]; me: string }) {
  const [page] = pages;
  if (!page) {
    return null;
  }
  const { id, sender } = page;
  const title = `page-${id}`;
  // Whoever called a team called all of it; others see the roles that they are asked for.
  const to = (sender.id === me ? page.team : null) ?? addressees(pages);
  return (
    <article className={styles.card} aria-labelledby={title}>
      <h2 id={title}>{sender.name}</h2>
      <p>{t.stat.about(to, moment(page.started_at, Date.now()))}</p>
      <div className={own.line} data-state={worst(pages)}>
        <Happened pages={pages} />
      </div>
      {pages
        .filter(({ asked }) => asked)
        .map((each) => (
          <Take key={each.id} page={each} alone={pages.length === 1} />
        ))}
    </article>
  );
}

function Take({ page, alone }: { page: EscalationInfo; alone: boolean }) {
  const take = useApi("takeStat");
  return (
    <Button
      color="red"
      leftSection={<CheckCheck aria-hidden />}
      loading={take.isPending}
      onClick={() =>
        take.mutate(
          { id: page.id },
          { onSuccess: () => tell("done", tookIt({ page, pages: [page] })), onError: tellFailure },
        )
      }
    >
      {alone ? t.stat.take : t.stat.takeFor(addressee(page))}
    </Button>
  );
}
