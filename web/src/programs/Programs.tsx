/** The device programs, how their devices stand, and how old the lists of patches are. */
import { usePrograms } from "../core/queries";
import type { Count, FeedsInfo, ProgramInfo } from "../core/wire";
import { FleetPage } from "../fleet/FleetPage";
import { Empty } from "../shell/Empty";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { age, date } from "../texts/time";
import styles from "./Programs.module.css";
import { Stock } from "./Stock";
import { Warnings } from "./Warnings";

export default function Programs() {
  const programs = usePrograms();
  return (
    <FleetPage at="programs" title={t.programs.title}>
      <p className={styles.intro}>{t.programs.intro}</p>
      {programs.isPending ? <Waiting /> : null}
      {programs.error ? <Empty title={t.failure.title} text={programs.error.message} /> : null}
      {programs.data ? (
        <>
          <ul className={styles.programs}>
            {programs.data.programs.map((info) => (
              <Card key={info.terms.slug} info={info} />
            ))}
          </ul>
          <Stock />
          <Feeds feeds={programs.data.feeds} />
        </>
      ) : null}
    </FleetPage>
  );
}

function Card({ info }: { info: ProgramInfo }) {
  const { terms } = info;
  return (
    <li className={styles.card}>
      <h2>
        <a href={address({ at: "program", slug: terms.slug })}>{terms.title}</a>
      </h2>
      <p>{terms.summary}</p>
      <Stand count={info.devices} />
      <p className={styles.small}>
        {t.programs.ownership[terms.ownership]} · {versionWords(info)}
      </p>
      <Warnings texts={info.warnings} />
    </li>
  );
}

export function versionWords({ version, changed_at }: ProgramInfo): string {
  return version > 0 && changed_at
    ? t.programs.changed(version, date(changed_at, Date.now()))
    : t.programs.baseline;
}

/** How many devices stand how. */
export function Stand({ count }: { count: Count }) {
  const kinds = ["compliant", "grace", "quarantined"] as const;
  if (kinds.every((kind) => count[kind] === 0)) {
    return <p className={styles.small}>{t.programs.noDevices}</p>;
  }
  return (
    <ul className={styles.stand}>
      {kinds.map((kind) => (
        <li key={kind} data-standing={count[kind] > 0 ? kind : undefined}>
          <strong>{count[kind]}</strong> {t.programs.stand[kind]}
        </li>
      ))}
    </ul>
  );
}

function Feeds({ feeds }: { feeds: FeedsInfo }) {
  return (
    <section className={styles.card} aria-labelledby="feeds">
      <h2 id="feeds">{t.programs.feeds}</h2>
      <p>
        {feeds.fetched_at
          ? t.programs.feedsAt(age(feeds.fetched_at, Date.now()), feeds.files)
          : t.programs.feedsNone}
      </p>
      {feeds.problem ? <Warnings texts={[feeds.problem]} /> : null}
      {feeds.hash ? <p className={styles.hash}>{t.programs.feedsHash(feeds.hash)}</p> : null}
    </section>
  );
}
