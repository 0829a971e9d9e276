/** Finding people: who is at work, who can be reached. */
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Check, PhoneOff, Search } from "lucide-react";
import { type ReactNode, useState } from "react";
import { usePeople, useStatus } from "../core/queries";
import type { PersonBrief, PersonHit } from "../core/wire";
import { Avatar } from "../shell/Avatar";
import { BotTag } from "../shell/BotTag";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./People.module.css";

const PAUSE_MS = 180;
const NOBODY: ReadonlySet<string> = new Set();

export function PeopleSearch({
  chosen,
  hidden = NOBODY,
  onToggle,
  above,
  anyone = false,
}: {
  chosen: readonly PersonBrief[];
  hidden?: ReadonlySet<string>;
  onToggle(person: PersonBrief): void;
  /** What else the search finds, before the people. */
  above?: (q: string) => ReactNode;
  /** Also oneself, the record keeper, and people who cannot receive messages yet. */
  anyone?: boolean;
}) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const people = usePeople(q);
  const status = useStatus();
  const me = status.data?.user?.id;
  const hits = (people.data ?? []).filter(
    ({ user, keeps_records }) =>
      (anyone || (user.id !== me && !keeps_records)) && !hidden.has(user.id),
  );
  const picked = new Set(chosen.map(({ id }) => id));

  return (
    <div className={styles.finder}>
      <TextInput
        type="search"
        aria-label={t.people.search}
        placeholder={t.people.search}
        leftSection={<Search aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-autofocus
      />
      {above?.(q)}
      <h2 className={styles.section}>{t.people.people}</h2>
      {people.isPending ? <Waiting /> : null}
      {people.error ? <Empty title={t.failure.title} text={people.error.message} /> : null}
      {people.data && hits.length === 0 ? <Empty title={t.people.none(q)} /> : null}
      <ul>
        {hits.map((hit) => (
          <li key={hit.user.id}>
            <Person
              hit={hit}
              picked={picked.has(hit.user.id)}
              disabled={!anyone && !hit.reachable}
              onToggle={() => onToggle(hit.user)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Person({
  hit,
  picked,
  disabled,
  onToggle,
}: {
  hit: PersonHit;
  picked: boolean;
  disabled: boolean;
  onToggle(): void;
}) {
  const { user, on_shift, reachable, facility } = hit;
  return (
    <button
      type="button"
      className={styles.person}
      aria-pressed={picked}
      disabled={disabled}
      onClick={onToggle}
    >
      <Avatar id={user.id} name={user.name} />
      <span className={styles.words}>
        <strong>
          {user.name} {hit.bot ? <BotTag /> : null}
        </strong>
        <span>
          {user.role}, {user.department}
        </span>
        <span className={styles.hints}>
          <span className={styles.shift} data-on={on_shift}>
            {on_shift ? t.people.onShift : t.people.offShift}
          </span>
          {reachable ? (
            facility
          ) : (
            <span className={styles.unreachable}>
              <PhoneOff aria-hidden />
              {t.people.unreachable}
            </span>
          )}
        </span>
      </span>
      <span className={styles.tick}>{picked ? <Check aria-hidden /> : null}</span>
    </button>
  );
}
