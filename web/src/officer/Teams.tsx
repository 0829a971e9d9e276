/** Code teams and broadcast lists: who is in them. */
import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import codes from "../codes/Codes.module.css";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, useRoles, useTeams } from "../core/queries";
import type { PersonBrief, Team, TeamKind } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { Ask } from "../shell/Ask";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Officer.module.css";

const LONGEST_TITLE = 80;

export function Teams() {
  const teams = useTeams();
  const heading = useRef<HTMLHeadingElement>(null);
  const [editing, setEditing] = useState<Team | "new" | null>(null);
  const [removing, setRemoving] = useState<Team | null>(null);
  const gone = useLast(removing);
  const remove = useApi("removeTeam");
  const done = () => {
    setEditing(null);
    // The button that was pressed is gone with what it did.
    heading.current?.focus();
  };
  return (
    <section className={styles.card} aria-labelledby="teams">
      <h2 id="teams" ref={heading} tabIndex={-1}>
        {t.teams.title}
      </h2>
      <p>{t.teams.hint}</p>
      {teams.isPending ? <Waiting /> : null}
      {teams.error ? <p role="alert">{teams.error.message}</p> : null}
      {teams.data?.length === 0 ? <p>{t.teams.none}</p> : null}
      {teams.data && teams.data.length > 0 ? (
        <ul aria-label={t.teams.title}>
          {teams.data.map((team) => (
            <li key={team.id} className={styles.recovery}>
              <div>
                <strong>{team.title}</strong>
                <p>
                  {t.teams.kind[team.kind]} ·{" "}
                  {t.people.teamOf(team.people.length, team.roles.length)}
                </p>
              </div>
              <div className={styles.does}>
                <Button
                  variant="light"
                  aria-label={t.teams.changeOf(team.title)}
                  onClick={() => setEditing(team)}
                >
                  {t.teams.change}
                </Button>
                <Button
                  variant="subtle"
                  color="red"
                  aria-label={t.teams.removeOf(team.title)}
                  onClick={() => setRemoving(team)}
                >
                  {t.teams.remove}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      ) : null}
      {editing ? (
        <Edit
          key={editing === "new" ? "new" : editing.id}
          team={editing === "new" ? null : editing}
          onDone={done}
        />
      ) : (
        <Button variant="light" onClick={() => setEditing("new")}>
          {t.teams.add}
        </Button>
      )}
      <Ask
        opened={removing !== null}
        title={t.teams.removeTitle(gone?.title ?? "")}
        text={t.teams.removeText}
        action={t.teams.remove}
        busy={remove.isPending}
        onNo={() => {
          setRemoving(null);
          remove.reset();
        }}
        onYes={() => {
          if (removing) {
            remove.mutate(
              { id: removing.id },
              {
                onSuccess: () => {
                  tell("done", t.teams.removed(removing.title));
                  setRemoving(null);
                  heading.current?.focus();
                },
              },
            );
          }
        }}
      >
        <Refused lines={remove.error ? [told(remove.error)] : []} />
      </Ask>
    </section>
  );
}

function Edit({ team, onDone }: { team: Team | null; onDone(): void }) {
  const [title, setTitle] = useState(team?.title ?? "");
  const [kind, setKind] = useState<TeamKind>(team?.kind ?? "code");
  const [people, setPeople] = useState<readonly PersonBrief[]>(team?.people ?? []);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(team?.roles.map(({ slug }) => slug)),
  );
  const roles = useRoles();
  const put = useApi("putTeam");
  const fits = title.trim() !== "" && (people.length > 0 || chosen.size > 0);
  const toggle = (person: PersonBrief) =>
    setPeople(
      people.some(({ id }) => id === person.id)
        ? people.filter(({ id }) => id !== person.id)
        : [...people, person],
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!fits) {
      return;
    }
    const edit = {
      kind,
      title: title.trim(),
      people: people.map(({ id }) => id),
      roles: [...chosen],
    };
    put.mutate(
      { id: team?.id ?? null, team: edit },
      {
        onSuccess: () => {
          tell("done", t.teams.saved(edit.title));
          onDone();
        },
      },
    );
  };
  return (
    <form
      className={codes.form}
      onSubmit={submit}
      aria-label={team ? t.teams.changeOf(team.title) : t.teams.add}
    >
      <TextInput
        label={t.teams.name}
        maxLength={LONGEST_TITLE}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <NativeSelect
        label={t.teams.what}
        value={kind}
        data={(["code", "list"] as const).map((value) => ({ value, label: t.teams.kind[value] }))}
        onChange={(event) => setKind(event.currentTarget.value === "list" ? "list" : "code")}
      />
      <fieldset className={styles.roles}>
        <legend>{t.teams.roles}</legend>
        {(roles.data ?? []).map(({ slug, title: name, holder }) => (
          <Checkbox
            key={slug}
            label={name}
            description={holder ? t.people.holder(holder.name) : t.people.gap}
            checked={chosen.has(slug)}
            onChange={(event) => {
              const next = new Set(chosen);
              if (event.currentTarget.checked) {
                next.add(slug);
              } else {
                next.delete(slug);
              }
              setChosen(next);
            }}
          />
        ))}
      </fieldset>
      <p>{t.teams.people(people.map(({ name }) => name).join(", "))}</p>
      <section className={styles.search} aria-label={t.teams.who}>
        <PeopleSearch chosen={people} onToggle={toggle} anyone />
      </section>
      <Refused lines={put.error ? [told(put.error)] : []} />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onDone}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={put.isPending} disabled={!fits}>
          {t.teams.save}
        </Button>
      </div>
    </form>
  );
}
