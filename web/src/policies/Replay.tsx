/** What texts would have answered to what was really asked lately. */
import { Button } from "@mantine/core";
import { useId, useState } from "react";
import { useUnkept } from "../core/useUnkept";
import type { PolicyFile, PolicyReplay, ReplayChange } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Policies.module.css";
import { byOutcome, keyOf } from "./words";

const DAY_MS = 24 * 60 * 60 * 1000;
const SPANS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;
type Span = keyof typeof SPANS;

export function Replay({ files }: { files: readonly PolicyFile[] }) {
  const id = useId();
  const [span, setSpan] = useState<Span>("week");
  const [asked, setAsked] = useState<string | null>(null);
  const replay = useUnkept("replayPolicies");
  const run = () => {
    setAsked(keyOf(files));
    replay.ask({ files, since: Date.now() - SPANS[span] });
  };
  return (
    <section className={styles.card} aria-labelledby={id}>
      <h2 id={id}>{t.policies.replay}</h2>
      <p>{t.policies.replayHint}</p>
      <fieldset className={styles.radios}>
        <legend>{t.policies.spanLabel}</legend>
        {(Object.keys(SPANS) as Span[]).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={`${id}-span`}
              checked={span === each}
              onChange={() => setSpan(each)}
            />
            {t.policies.span[each]}
          </label>
        ))}
      </fieldset>
      <Button variant="light" loading={replay.busy} onClick={run}>
        {t.policies.replayAction}
      </Button>
      {replay.failure ? (
        <p className={styles.wrong} role="alert">
          {replay.failure.message}
        </p>
      ) : null}
      {replay.answer ? (
        <>
          {asked === keyOf(files) ? null : <p className={styles.outdated}>{t.policies.outdated}</p>}
          <Result replay={replay.answer} />
        </>
      ) : null}
    </section>
  );
}

function Result({ replay }: { replay: PolicyReplay }) {
  return (
    <div className={styles.result}>
      <p role="status">{t.policies.replayed(replay.decisions, replay.same)}</p>
      {replay.without_inputs > 0 ? (
        <p className={styles.small}>{t.policies.withoutInputs(replay.without_inputs)}</p>
      ) : null}
      {replay.changes.length === 0 ? <p>{t.policies.noDifference}</p> : null}
      {byOutcome(replay.changes).map(({ now, changes }) => (
        <div key={now} className={styles.outcome} data-answer={now}>
          <h3>{t.policies.would[now]}</h3>
          <ul>
            {changes.map((change) => (
              <Change key={`${change.action} ${change.was} ${change.policies}`} change={change} />
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function Change({ change }: { change: ReplayChange }) {
  const now = Date.now();
  return (
    <li>
      <strong>{change.action}</strong>
      <span>
        {t.policies.times(change.count, change.people)}, {t.policies.was[change.was]}
      </span>
      {change.policies.length > 0 ? (
        <span className={styles.small}>{t.policies.because(change.policies.join(", "))}</span>
      ) : null}
      {change.advice.map((line) => (
        <q key={line}>{line}</q>
      ))}
      {change.examples.length > 0 ? (
        <details className={styles.more}>
          <summary>{t.policies.examples}</summary>
          <ul>
            {change.examples.map(({ at, user, resource }) => (
              <li key={`${at} ${user?.id} ${resource}`}>
                {t.policies.example(moment(at, now), user?.name ?? "", resource)}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </li>
  );
}
