/** Whose messages, about whom, from when to when: a row of chips, each a control that every phone knows. */
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
      <select
        className={styles.chip}
        aria-label={t.found.person}
        data-chosen={filters.person !== "" || undefined}
        value={filters.person}
        onChange={(event) => onChange({ ...filters, person: event.currentTarget.value })}
      >
        <option value="">{t.found.person}</option>
        {people.map(({ id, name }) => (
          <option key={id} value={id}>
            {id === me ? t.conversations.you : name}
          </option>
        ))}
      </select>
      {patients.length > 0 ? (
        <select
          className={styles.chip}
          aria-label={t.found.patient}
          data-chosen={filters.patient !== "" || undefined}
          value={filters.patient}
          onChange={(event) => onChange({ ...filters, patient: event.currentTarget.value })}
        >
          <option value="">{t.found.patient}</option>
          {patients.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : null}
      <label className={styles.chip} data-chosen={filters.since !== "" || undefined}>
        {t.found.since}
        <input
          type="date"
          value={filters.since}
          {...(filters.until === "" ? {} : { max: filters.until })}
          onChange={(event) => onChange({ ...filters, since: event.currentTarget.value })}
        />
      </label>
      <label className={styles.chip} data-chosen={filters.until !== "" || undefined}>
        {t.found.until}
        <input
          type="date"
          value={filters.until}
          {...(filters.since === "" ? {} : { min: filters.since })}
          onChange={(event) => onChange({ ...filters, until: event.currentTarget.value })}
        />
      </label>
    </fieldset>
  );
}
