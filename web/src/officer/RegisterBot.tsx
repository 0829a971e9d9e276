/** Registering a bot: who answers for it, and no more than it needs. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { type Failure, toFailure } from "../core/failure";
import { askUnkept } from "../core/queries";
import type { Invite, PersonBrief } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { ProgramChoice, type ProgramSlug } from "./ProgramChoice";
import { ScopeFields } from "./ScopeFields";
import { LEAST, scopeOf } from "./scope";

export function RegisterBot({ onMade }: { onMade(invite: Invite, name: string): void }) {
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [owner, setOwner] = useState<PersonBrief | null>(null);
  const [program, setProgram] = useState<ProgramSlug>("workstation");
  const [draft, setDraft] = useState(LEAST);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const register = async (by: PersonBrief) => {
    setBusy(true);
    setFailure(null);
    try {
      const { invite } = await askUnkept("registerBot", {
        name,
        username,
        owner: by.id,
        program,
        ...scopeOf(draft),
      });
      onMade(invite, name);
    } catch (thrown) {
      setFailure(toFailure(thrown));
    }
    setBusy(false);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (owner) {
          void register(owner);
        }
      }}
    >
      <TextInput
        label={t.integrations.name}
        value={name}
        maxLength={80}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={t.integrations.username}
        description={t.integrations.usernameHint}
        value={username}
        maxLength={64}
        autoCapitalize="none"
        autoComplete="off"
        onChange={(event) => setUsername(event.currentTarget.value)}
      />
      <fieldset className={styles.owner}>
        <legend>{t.integrations.owner}</legend>
        {owner ? (
          <div className={styles.person}>
            <div>
              <strong>{owner.name}</strong>
              <span>
                {owner.role}, {owner.department}
              </span>
            </div>
            <Button variant="subtle" onClick={() => setOwner(null)}>
              {t.patient.change}
            </Button>
          </div>
        ) : (
          <div className={styles.search}>
            <PeopleSearch chosen={[]} onToggle={setOwner} anyone />
          </div>
        )}
      </fieldset>
      <ProgramChoice
        legend={t.integrations.program}
        name="bot-program"
        of={["workstation", "issued"]}
        chosen={program}
        onChoose={setProgram}
      />
      <ScopeFields draft={draft} onChange={setDraft} />
      <Refused lines={failure ? [told(failure)] : []} />
      <Button
        type="submit"
        fullWidth
        loading={busy}
        disabled={!owner || name.trim() === "" || username.trim() === ""}
      >
        {t.integrations.register}
      </Button>
    </form>
  );
}
