import { Button } from "@mantine/core";
import { useState } from "react";
import { useCall } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import { Invitation } from "../devices/Invitation";
import { PeopleSearch } from "../people/PeopleSearch";
import { Avatar } from "../shell/Avatar";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Officer.module.css";

const PROGRAMS = ["byod", "issued"] as const;

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
        <>
          <Invitation invite={invite.data} name={person.name} />
          <Button variant="light" onClick={reset}>
            {t.officer.another}
          </Button>
        </>
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
