/** Where a bot may write and what: the fields of its registration and of its change. */
import { Checkbox, NumberInput, TextInput } from "@mantine/core";
import { useId } from "react";
import type { Priority } from "../core/wire";
import { t } from "../texts";
import styles from "./Officer.module.css";
import type { ScopeDraft } from "./scope";

const PRIORITIES: readonly Priority[] = ["routine", "urgent", "stat"];
const MOST = 600;

export function ScopeFields({
  draft,
  onChange,
}: {
  draft: ScopeDraft;
  onChange(draft: ScopeDraft): void;
}) {
  const name = useId();
  const put = (change: Partial<ScopeDraft>) => onChange({ ...draft, ...change });
  return (
    <>
      <fieldset className={styles.programs}>
        <legend>{t.integrations.highest}</legend>
        {PRIORITIES.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={name}
              checked={draft.highest === each}
              onChange={() => put({ highest: each })}
            />
            {t.integrations.scope[each]}
          </label>
        ))}
      </fieldset>
      <TextInput
        label={t.integrations.roles}
        description={t.integrations.rolesHint}
        value={draft.roles}
        autoCapitalize="none"
        onChange={(event) => put({ roles: event.currentTarget.value })}
      />
      <TextInput
        label={t.integrations.groups}
        description={t.integrations.groupsHint}
        value={draft.groups}
        autoCapitalize="none"
        onChange={(event) => put({ groups: event.currentTarget.value })}
      />
      <Checkbox
        label={t.integrations.anywhere}
        checked={draft.anywhere}
        onChange={(event) => put({ anywhere: event.currentTarget.checked })}
      />
      <Checkbox
        label={t.integrations.reads}
        checked={draft.reads}
        onChange={(event) => put({ reads: event.currentTarget.checked })}
      />
      <Checkbox
        label={t.integrations.careTeams}
        description={t.integrations.careTeamsHint}
        checked={draft.care_teams}
        onChange={(event) => put({ care_teams: event.currentTarget.checked })}
      />
      <Checkbox
        label={t.integrations.results}
        description={t.integrations.resultsHint}
        checked={draft.results}
        onChange={(event) => put({ results: event.currentTarget.checked })}
      />
      <NumberInput
        label={t.integrations.perMinute}
        value={draft.rate}
        min={1}
        max={MOST}
        allowDecimal={false}
        onChange={(value) => put({ rate: Number(value) })}
      />
    </>
  );
}
