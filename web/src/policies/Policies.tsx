/** The versions of the hospital's policies, and what a person has begun and not proposed yet. */
import { Button } from "@mantine/core";
import { Pencil } from "lucide-react";
import { useMe, usePolicies } from "../core/queries";
import type { PolicyState, PolicyVersion } from "../core/wire";
import { Empty } from "../shell/Empty";
import { address, go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { draftsOf } from "./drafts";
import { CHANGES, Frame } from "./Frame";
import styles from "./Policies.module.css";
import { historyWords, shortHash } from "./words";

export default function Policies() {
  const policies = usePolicies();
  const me = useMe();
  const changes = me.data?.roles.includes(CHANGES) ?? false;
  const now = Date.now();
  return (
    <Frame title={t.policies.title}>
      <p className={styles.intro}>{t.policies.intro}</p>
      {policies.isPending ? <Waiting /> : null}
      {policies.error ? <Empty title={t.failure.title} text={policies.error.message} /> : null}
      {changes && me.data ? <Unfinished user={me.data.user.id} /> : null}
      {policies.data ? (
        <>
          {changes ? (
            <Button
              className={styles.start}
              leftSection={<Pencil aria-hidden />}
              onClick={() => go({ at: "policy-draft", version: policies.data.active })}
            >
              {t.policies.start}
            </Button>
          ) : null}
          <ol className={styles.versions} aria-label={t.policies.versions} reversed>
            {policies.data.versions.map((version) => (
              <Card key={version.version} version={version} now={now} />
            ))}
          </ol>
        </>
      ) : null}
    </Frame>
  );
}

function Card({ version, now }: { version: PolicyVersion; now: number }) {
  return (
    <li className={styles.card} data-state={version.state}>
      <div className={styles.head}>
        <h2>
          <a href={address({ at: "policy", version: version.version })}>
            {t.policies.name(version.version)}
          </a>
        </h2>
        <StateTag state={version.state} />
      </div>
      {version.summary ? <p className={styles.summary}>{version.summary}</p> : null}
      <p className={styles.small}>{historyWords(version, now).join(" · ")}</p>
      <p className={styles.hash}>{t.policies.hash(shortHash(version.hash))}</p>
    </li>
  );
}

export function StateTag({ state }: { state: PolicyState }) {
  return (
    <span className={styles.state} data-state={state}>
      {t.policies.state[state]}
    </span>
  );
}

function Unfinished({ user }: { user: string }) {
  const begun = draftsOf(user);
  return begun.length > 0 ? (
    <section className={styles.card} aria-labelledby="unfinished">
      <h2 id="unfinished">{t.policies.unfinished}</h2>
      <ul>
        {begun.map((version) => (
          <li key={version}>
            <a className={styles.link} href={address({ at: "policy-draft", version })}>
              {t.policies.unfinishedFrom(t.policies.name(version))}
            </a>
          </li>
        ))}
      </ul>
      <p className={styles.small}>{t.policies.unfinishedHint}</p>
    </section>
  ) : null;
}
