import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useCall, usePrograms } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import { Invitation } from "../devices/Invitation";
import { PeopleSearch } from "../people/PeopleSearch";
import { Avatar } from "../shell/Avatar";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { ProgramChoice, type ProgramSlug } from "./ProgramChoice";

export function InvitePerson() {
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const [program, setProgram] = useState<ProgramSlug>("byod");
  const [serial, setSerial] = useState("");
  const programs = usePrograms();
  const invite = useCall("invite");
  // Some programs take registered devices only, each by its serial number.
  const registered = (programs.data?.programs ?? []).some(
    ({ terms }) => terms.slug === program && terms.enrolment.path === "registered",
  );
  const reset = () => {
    invite.reset();
    setPerson(null);
    setSerial("");
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
              <ProgramChoice
                legend={t.officer.program}
                name="program"
                chosen={program}
                onChoose={setProgram}
              />
              {registered ? (
                <TextInput
                  label={t.officer.serial}
                  description={t.officer.serialHint}
                  value={serial}
                  maxLength={64}
                  onChange={(event) => setSerial(event.currentTarget.value)}
                />
              ) : null}
              <Button
                fullWidth
                disabled={registered && serial.trim() === ""}
                loading={invite.isPending}
                onClick={() =>
                  invite.mutate(
                    {
                      user_id: person.id,
                      program,
                      ...(registered ? { serial: serial.trim() } : {}),
                    },
                    { onError: tellFailure },
                  )
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
