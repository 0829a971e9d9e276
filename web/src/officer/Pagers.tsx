/** The hospital's pager system: how it does, numbers, and a test. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../core/queries";
import type { PagerHealth, PersonBrief } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { FileButton } from "../shell/FileButton";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Officer.module.css";

export function Pagers({ pager }: { pager: PagerHealth }) {
  const [choosing, setChoosing] = useState(false);
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const test = useApi("testPager");
  const save = useApi("setPagerNumbers");
  const take = (text: string) =>
    save.mutate(
      { text },
      {
        onSuccess: ({ set, removed }) => {
          tell("done", t.integrations.saved(set, removed));
          // What was typed is nowhere kept.
          save.reset();
          setPerson(null);
          setChoosing(false);
        },
        onError: tellFailure,
      },
    );
  return (
    <section className={styles.card} aria-labelledby="pagers">
      <h2 id="pagers">{t.integrations.pager}</h2>
      <p>{t.integrations.pagerHint}</p>
      {pager.configured ? <Health pager={pager} /> : <p>{t.integrations.pagerOff}</p>}
      <p>{t.integrations.people(pager.people.length)}</p>
      {person ? (
        <NumberOf person={person} busy={save.isPending} onSave={take} />
      ) : choosing ? (
        <div className={styles.search}>
          <PeopleSearch chosen={[]} onToggle={setPerson} anyone />
        </div>
      ) : null}
      <div className={styles.does}>
        {pager.configured ? (
          <Button
            loading={test.isPending}
            onClick={() =>
              test.mutate(undefined, {
                onSuccess: () => tell("done", t.integrations.tested),
                onError: tellFailure,
              })
            }
          >
            {t.integrations.test}
          </Button>
        ) : null}
        {choosing ? null : (
          <Button variant="light" onClick={() => setChoosing(true)}>
            {t.integrations.numbers}
          </Button>
        )}
        <FileButton
          text={t.integrations.file}
          accept=".csv,text/csv,text/plain"
          busy={save.isPending}
          onFile={take}
        />
      </div>
    </section>
  );
}

function Health({ pager }: { pager: PagerHealth }) {
  const now = Date.now();
  return (
    <>
      <p role="status">
        {pager.last_taken_at
          ? t.integrations.taken(moment(pager.last_taken_at, now))
          : t.integrations.takenNever}{" "}
        {pager.last_failed_at ? t.integrations.failed(moment(pager.last_failed_at, now)) : null}{" "}
        {t.integrations.waiting(pager.waiting)}
      </p>
      {pager.given_up > 0 ? (
        <p className={styles.keys} role="alert">
          {t.integrations.givenUp(pager.given_up)}
        </p>
      ) : null}
    </>
  );
}

function NumberOf({
  person,
  busy,
  onSave,
}: {
  person: PersonBrief;
  busy: boolean;
  onSave(text: string): void;
}) {
  const [number, setNumber] = useState("");
  return (
    <form
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        onSave(`${person.username},${number.replaceAll(",", "")}`);
      }}
    >
      <TextInput
        label={t.integrations.numberOf(person.name)}
        description={t.integrations.numberHint}
        value={number}
        maxLength={64}
        autoComplete="off"
        inputMode="tel"
        onChange={(event) => setNumber(event.currentTarget.value)}
      />
      <Button type="submit" fullWidth loading={busy}>
        {t.integrations.save}
      </Button>
    </form>
  );
}
