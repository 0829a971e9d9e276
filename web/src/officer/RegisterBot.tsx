/** Registering a bot: who answers for it, and no more than it needs. */
import { Button, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { type Failure, toFailure } from "../core/failure";
import { askUnkept } from "../core/queries";
import type { Invite, PersonBrief, Priority } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { ProgramChoice, type ProgramSlug } from "./ProgramChoice";

const PRIORITIES: readonly Priority[] = ["routine", "urgent", "stat"];
const USUAL_RATE = 30;
const MOST = 600;

/** Names with commas between. */
export function listed(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

export function RegisterBot({ onMade }: { onMade(invite: Invite, name: string): void }) {
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [owner, setOwner] = useState<PersonBrief | null>(null);
  const [program, setProgram] = useState<ProgramSlug>("workstation");
  const [reads, setReads] = useState(false);
  const [anywhere, setAnywhere] = useState(false);
  const [highest, setHighest] = useState<Priority>("routine");
  const [roles, setRoles] = useState("");
  const [groups, setGroups] = useState("");
  const [rate, setRate] = useState(USUAL_RATE);
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
        per_minute: rate,
        scope: { reads, highest, anywhere, roles: listed(roles), groups: listed(groups) },
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
      <fieldset className={styles.programs}>
        <legend>{t.integrations.highest}</legend>
        {PRIORITIES.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="bot-highest"
              checked={highest === each}
              onChange={() => setHighest(each)}
            />
            {t.integrations.scope[each]}
          </label>
        ))}
      </fieldset>
      <TextInput
        label={t.integrations.roles}
        description={t.integrations.rolesHint}
        value={roles}
        autoCapitalize="none"
        onChange={(event) => setRoles(event.currentTarget.value)}
      />
      <TextInput
        label={t.integrations.groups}
        description={t.integrations.groupsHint}
        value={groups}
        autoCapitalize="none"
        onChange={(event) => setGroups(event.currentTarget.value)}
      />
      <Checkbox
        label={t.integrations.anywhere}
        checked={anywhere}
        onChange={(event) => setAnywhere(event.currentTarget.checked)}
      />
      <Checkbox
        label={t.integrations.reads}
        checked={reads}
        onChange={(event) => setReads(event.currentTarget.checked)}
      />
      <NumberInput
        label={t.integrations.perMinute}
        value={rate}
        min={1}
        max={MOST}
        allowDecimal={false}
        onChange={(value) => setRate(Number(value))}
      />
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
