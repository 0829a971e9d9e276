/** Who could do a thing by these texts, and who could not, with the reasons. */
import { Button } from "@mantine/core";
import { useId, useState } from "react";
import { usePolicyActions } from "../core/queries";
import { useUnkept } from "../core/useUnkept";
import type { WhoCan as Answer, PolicyAnswer, PolicyFile } from "../core/wire";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Policies.module.css";
import { byAnswer, keyOf } from "./words";

export function WhoCan({ files }: { files: readonly PolicyFile[] }) {
  const id = useId();
  const [asked, setAsked] = useState<string | null>(null);
  const who = useUnkept("whoCan");
  const actions = usePolicyActions();
  const [action, setAction] = useState("");
  const ask = (about: string) => {
    setAction(about);
    setAsked(keyOf(files));
    who.ask({ action: about, files });
  };
  return (
    <section className={styles.card} aria-labelledby={id}>
      <h2 id={id}>{t.policies.whoCan}</h2>
      <p>{t.policies.whoCanHint}</p>
      {actions.isPending ? <Waiting /> : null}
      {actions.error ? <p role="alert">{actions.error.message}</p> : null}
      {actions.data ? (
        <div>
          <label className="field-label" htmlFor={`${id}-action`}>
            {t.policies.whoCanAction}
          </label>
          <select
            id={`${id}-action`}
            className={styles.select}
            value={action}
            onChange={(event) => ask(event.currentTarget.value)}
          >
            <option value="" disabled>
              {t.policies.whoCanChoose}
            </option>
            {actions.data.map(({ name, phrase }) => (
              <option key={name} value={name}>
                {phrase} ({name})
              </option>
            ))}
          </select>
        </div>
      ) : null}
      {who.busy && !who.answer ? <Waiting /> : null}
      {who.failure ? (
        <p className={styles.wrong} role="alert">
          {who.failure.message}
        </p>
      ) : null}
      {who.answer ? (
        <>
          {asked === keyOf(files) ? null : (
            <div className={styles.outdated}>
              <p>{t.policies.outdated}</p>
              <Button size="xs" variant="default" onClick={() => ask(action)}>
                {t.policies.whoCanAgain}
              </Button>
            </div>
          )}
          <Groups answer={who.answer} busy={who.busy} />
        </>
      ) : null}
    </section>
  );
}

function Groups({ answer, busy }: { answer: Answer; busy: boolean }) {
  const groups = byAnswer(answer.people);
  const many = (said: PolicyAnswer) => groups.find((each) => each.answer === said)?.count ?? 0;
  return (
    <div className={styles.result} aria-busy={busy}>
      <p role="status">{t.policies.answers(many("allow"), many("step_up"), many("deny"))}</p>
      {groups.map(({ answer: said, count, alike }) => (
        <div key={said} className={styles.outcome} data-answer={said}>
          <h3>
            {t.policies.answer[said]}: {t.policies.people(count)}
          </h3>
          <ul>
            {alike.map(({ why, people }) => (
              <li key={why}>
                <span>{why}</span>
                <details className={styles.more}>
                  <summary>{t.policies.people(people.length)}</summary>
                  <ul>
                    {people.map(({ id, name, role, department }) => (
                      <li key={id}>
                        {name} <span>{[role, department].filter(Boolean).join(", ")}</span>
                      </li>
                    ))}
                  </ul>
                </details>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}
