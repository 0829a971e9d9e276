/** Every STAT message that concerns this person, with what became of it. */
import { Button } from "@mantine/core";
import { CheckCheck } from "lucide-react";
import { useApi, useStat } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import own from "./Stat.module.css";
import { Happened } from "./StatLine";
import { addressee } from "./timeline";

export default function Stat() {
  const stat = useStat();
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
        {stat.data?.map((page) => (
          <Page key={page.id} page={page} />
        ))}
      </div>
    </section>
  );
}

function Page({ page }: { page: EscalationInfo }) {
  const { id, sender, asked } = page;
  const take = useApi("takeStat");
  const title = `page-${id}`;
  return (
    <article className={styles.card} aria-labelledby={title}>
      <h2 id={title}>{sender.name}</h2>
      <p>{t.stat.about(addressee(page), moment(page.started_at, Date.now()))}</p>
      <div className={own.line} data-state={page.state}>
        <Happened page={page} />
      </div>
      {asked ? (
        <Button
          color="red"
          leftSection={<CheckCheck aria-hidden />}
          loading={take.isPending}
          onClick={() =>
            take.mutate(
              { id },
              {
                onSuccess: () => tell("done", t.stat.took(sender.name)),
                onError: tellFailure,
              },
            )
          }
        >
          {t.stat.take}
        </Button>
      ) : null}
    </article>
  );
}
