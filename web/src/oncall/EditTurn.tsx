/** Giving a role to somebody for a time. */
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Chosen } from "../codes/Chosen";
import codes from "../codes/Codes.module.css";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { PersonBrief, ScheduledRole } from "../core/wire";
import styles from "../officer/Officer.module.css";
import { PeopleSearch } from "../people/PeopleSearch";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { t } from "../texts";
import own from "./OnCall.module.css";
import { fieldTime, typedTime } from "./words";

const TWELVE_HOURS_MS = 12 * 60 * 60 * 1000;

export function EditTurn({
  roles,
  now,
  onDone,
}: {
  roles: readonly ScheduledRole[];
  now: number;
  onDone(): void;
}) {
  const [role, setRole] = useState(roles[0]?.slug ?? "");
  const [from, setFrom] = useState(() => fieldTime(now));
  const [until, setUntil] = useState(() => fieldTime(now + TWELVE_HOURS_MS));
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const [nobody, setNobody] = useState(false);
  const assign = useApi("assignTurn");
  const [begins, ends] = [typedTime(from), typedTime(until)];
  const fits = begins !== null && ends !== null && begins < ends && ends > now;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fits && (person || nobody)) {
      assign.mutate(
        { role, from: begins, until: ends, user_id: person?.id ?? null },
        {
          onSuccess: () => {
            tell("done", t.onCall.saved);
            onDone();
          },
        },
      );
    }
  };
  return (
    <form className={codes.form} onSubmit={submit} aria-label={t.onCall.edit}>
      <NativeSelect
        label={t.onCall.role}
        value={role}
        data={roles.map(({ slug, title }) => ({ value: slug, label: title }))}
        onChange={(event) => setRole(event.currentTarget.value)}
      />
      <div className={own.fields}>
        <TextInput
          type="datetime-local"
          label={t.onCall.from}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label={t.onCall.to}
          value={until}
          error={fits ? undefined : t.onCall.badTime}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
      </div>
      {person ? (
        <Chosen person={person} onChange={() => setPerson(null)} />
      ) : (
        <>
          <Button
            variant={nobody ? "filled" : "default"}
            aria-pressed={nobody}
            onClick={() => setNobody(!nobody)}
          >
            {t.onCall.clear}
          </Button>
          {nobody ? null : (
            <section className={styles.search} aria-label={t.onCall.person}>
              <PeopleSearch chosen={[]} onToggle={setPerson} anyone />
            </section>
          )}
        </>
      )}
      <Refused lines={assign.error ? [told(assign.error)] : []} />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onDone}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={assign.isPending} disabled={!fits || !(person || nobody)}>
          {t.onCall.save}
        </Button>
      </div>
    </form>
  );
}
