/** Asking that a person who lost every device begins anew. */
import { Button, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Chosen } from "../codes/Chosen";
import codes from "../codes/Codes.module.css";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, usePrograms } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { PROGRAMS, ProgramChoice, type ProgramSlug } from "./ProgramChoice";

/** What is read by the other officer, and by auditors later. */
const LONGEST_REASON = 200;

export function AskRecovery({ onDone }: { onDone(): void }) {
  const [person, setPerson] = useState<PersonBrief | null>(null);
  if (person) {
    return <Form person={person} onChange={() => setPerson(null)} onDone={onDone} />;
  }
  return (
    <>
      <div className={styles.search}>
        <PeopleSearch chosen={[]} onToggle={setPerson} anyone />
      </div>
      <Button variant="default" onClick={onDone}>
        {t.cancel}
      </Button>
    </>
  );
}

function Form({
  person,
  onChange,
  onDone,
}: {
  person: PersonBrief;
  onChange(): void;
  onDone(): void;
}) {
  const programs = usePrograms();
  const [chosen, setChosen] = useState<ProgramSlug | null>(null);
  const [reason, setReason] = useState("");
  const recover = useApi("askRecovery");
  if (programs.isPending) {
    return <Waiting />;
  }
  // A registered device is handed out by its serial number, which a recovery does not name.
  const registered = new Set(
    programs.data?.programs
      .filter(({ terms }) => terms.enrolment.path === "registered")
      .map(({ terms }) => terms.slug),
  );
  const open = PROGRAMS.filter((slug) => !registered.has(slug));
  const program = chosen ?? open[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (program) {
      recover.mutate(
        { user_id: person.id, program, reason: reason.trim() },
        {
          onSuccess: () => {
            tell("done", t.recovery.asked(person.name));
            onDone();
          },
        },
      );
    }
  };
  return (
    <form className={codes.form} onSubmit={submit}>
      <Chosen person={person} onChange={onChange} />
      {program ? (
        <ProgramChoice
          legend={t.recovery.program}
          name="recovery-program"
          of={open}
          chosen={program}
          onChoose={setChosen}
        />
      ) : null}
      <Textarea
        label={t.recovery.reason}
        description={t.recovery.reasonHint}
        rows={3}
        maxLength={LONGEST_REASON}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        // The search that was in use is gone.
        autoFocus
      />
      <Refused lines={recover.error ? [told(recover.error)] : []} />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onDone}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={recover.isPending} disabled={!program || !reason.trim()}>
          {t.recovery.ask}
        </Button>
      </div>
    </form>
  );
}
