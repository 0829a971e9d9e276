/** Another person's generators and smart cards, for officers: whoever lost one, or cannot use it, comes to them. */
import { Button } from "@mantine/core";
import { useRef, useState } from "react";
import { PersonCards } from "../cards/PersonCards";
import { useApi, useFactors } from "../core/queries";
import type { FactorInfo, PersonBrief } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { PeopleSearch } from "../people/PeopleSearch";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Chosen } from "./Chosen";
import styles from "./Codes.module.css";
import { Factor } from "./Factor";
import { missing } from "./words";

export function PersonCodes() {
  const [choosing, setChoosing] = useState(false);
  const [person, setPerson] = useState<PersonBrief | null>(null);
  return (
    <section className={officer.card} aria-labelledby="person-codes">
      <h2 id="person-codes">{t.cards.ofPerson}</h2>
      <p>{t.cards.ofPersonHint}</p>
      {person ? (
        <>
          <Chosen person={person} onChange={() => setPerson(null)} />
          <Factors key={person.id} person={person} />
          <PersonCards key={`cards of ${person.id}`} person={person} />
        </>
      ) : choosing ? (
        <div className={officer.search}>
          <PeopleSearch chosen={[]} onToggle={setPerson} anyone />
        </div>
      ) : (
        <Button variant="light" onClick={() => setChoosing(true)}>
          {t.cards.choose}
        </Button>
      )}
    </section>
  );
}

function Factors({ person }: { person: PersonBrief }) {
  const factors = useFactors(person.id);
  const remove = useApi("removeFactor");
  const [removing, setRemoving] = useState<FactorInfo | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const more = factors.data ? missing(factors.data) : 0;
  const run = ({ factor_id: id, name }: FactorInfo) =>
    remove.mutate(
      { id },
      {
        onSuccess: () => {
          tell("done", t.codes.removed(name));
          list.current?.focus();
        },
        onError: tellFailure,
        onSettled: () => setRemoving(null),
      },
    );
  return (
    <>
      {factors.isPending ? <Waiting /> : null}
      {factors.error ? <p role="alert">{factors.error.message}</p> : null}
      {more > 0 ? <p className={styles.needed}>{t.cards.missing(more)}</p> : null}
      {factors.data?.factors.length === 0 ? (
        <p role="status">{t.cards.hasNone(person.name)}</p>
      ) : null}
      <ul ref={list} tabIndex={-1} aria-label={t.cards.codesOf(person.name)}>
        {(factors.data?.factors ?? []).map((factor) => (
          <Factor key={factor.factor_id} factor={factor}>
            <Button
              variant="subtle"
              px="sm"
              color="red"
              aria-label={t.codes.of(t.codes.remove, factor.name)}
              onClick={() => setRemoving(factor)}
            >
              {t.codes.remove}
            </Button>
          </Factor>
        ))}
      </ul>
      <Ask
        opened={removing !== null}
        title={t.codes.removeTitle(removing?.name ?? "")}
        text={t.cards.removeText(person.name)}
        action={t.codes.remove}
        busy={remove.isPending}
        onNo={() => setRemoving(null)}
        onYes={() => {
          if (removing) {
            run(removing);
          }
        }}
      />
    </>
  );
}
