import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useCall } from "../core/queries";
import type { Invite, PersonBrief } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { Avatar } from "../shell/Avatar";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { QrCode } from "./QrCode";

const PROGRAMS = ["byod", "issued"] as const;
const SECOND_MS = 1_000;

export function InvitePerson() {
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const [program, setProgram] = useState<(typeof PROGRAMS)[number]>("byod");
  const invite = useCall("invite");
  const reset = () => {
    invite.reset();
    setPerson(null);
  };
  return (
    <section className={styles.card} aria-labelledby="invite">
      <h2 id="invite">{t.officer.invite}</h2>
      {invite.data && person ? (
        <Ready invite={invite.data} person={person} onAnother={reset} />
      ) : (
        <>
          <p>{t.officer.inviteHint}</p>
          {person ? (
            <div className={styles.person}>
              <Avatar id={person.id} name={person.name} />
              <div>
                <strong>{person.name}</strong>
                <span>
                  {person.role}, {person.department}
                </span>
              </div>
              <Button variant="subtle" onClick={() => setPerson(null)}>
                {t.patient.change}
              </Button>
            </div>
          ) : (
            <div className={styles.search}>
              <PeopleSearch chosen={[]} onToggle={setPerson} anyone />
            </div>
          )}
          {person ? (
            <>
              <fieldset className={styles.programs}>
                <legend>{t.officer.program}</legend>
                {PROGRAMS.map((each) => (
                  <label key={each}>
                    <input
                      type="radio"
                      name="program"
                      checked={program === each}
                      onChange={() => setProgram(each)}
                    />
                    {t.officer[each]}
                  </label>
                ))}
              </fieldset>
              <Button
                fullWidth
                loading={invite.isPending}
                onClick={() =>
                  invite.mutate({ user_id: person.id, program }, { onError: tellFailure })
                }
              >
                {t.officer.action}
              </Button>
            </>
          ) : null}
        </>
      )}
    </section>
  );
}

function Ready({
  invite,
  person,
  onAnother,
}: {
  invite: Invite;
  person: PersonBrief;
  onAnother(): void;
}) {
  const left = useTimeLeft(invite.expires_at);
  return (
    <div className={styles.ready}>
      <h3>{t.officer.ready(person.name)}</h3>
      {left > 0 ? (
        <>
          <QrCode text={invite.link} label={t.officer.qr(person.name)} />
          <p>{t.officer.typed}</p>
          <output className={styles.code} aria-label={t.officer.typedLabel}>
            {invite.typed_code}
          </output>
          <p role="status">{t.officer.expires(Math.ceil(left / 60_000))}</p>
          <p className={styles.never}>{t.officer.never}</p>
        </>
      ) : (
        <p role="alert">{t.officer.expired}</p>
      )}
      <Button variant="light" onClick={onAnother}>
        {t.officer.another}
      </Button>
    </div>
  );
}

function useTimeLeft(until: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return until - now;
}
