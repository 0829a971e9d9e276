/** Whose messages, about whom, since when: a row of chips, each a control that every phone knows. */
import { NativeSelect, TextInput } from "@mantine/core";
import type { ConversationView } from "../core/methods";
import { t } from "../texts";
import styles from "./Conversations.module.css";
import { type Filters, patientsIn, peopleIn } from "./wanted";

export function SearchFilters({
  conversations,
  me,
  filters,
  onChange,
}: {
  conversations: readonly ConversationView[];
  /** This person's id. */
  me: string | undefined;
  filters: Filters;
  onChange(filters: Filters): void;
}) {
  const people = peopleIn(conversations);
  const patients = patientsIn(conversations);
  return (
    <fieldset className={styles.chips}>
      <legend className="visually-hidden">{t.found.filters}</legend>
      <NativeSelect
        aria-label={t.found.person}
        data-chosen={filters.person !== "" || undefined}
        value={filters.person}
        data={[
          { value: "", label: t.found.person },
          ...people.map(({ id, name }) => ({
            value: id,
            label: id === me ? t.conversations.you : name,
          })),
        ]}
        onChange={(event) => onChange({ ...filters, person: event.currentTarget.value })}
      />
      {patients.length > 0 ? (
        <NativeSelect
          aria-label={t.found.patient}
          data-chosen={filters.patient !== "" || undefined}
          value={filters.patient}
          data={[
            { value: "", label: t.found.patient },
            ...patients.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(event) => onChange({ ...filters, patient: event.currentTarget.value })}
        />
      ) : null}
      <TextInput
        type="date"
        aria-label={t.found.since}
        data-chosen={filters.since !== "" || undefined}
        leftSection={<span aria-hidden>{t.found.since}</span>}
        leftSectionWidth="3.4rem"
        value={filters.since}
        onChange={(event) => onChange({ ...filters, since: event.currentTarget.value })}
      />
    </fieldset>
  );
}
