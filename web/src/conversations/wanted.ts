/** What the search asks for: words and filters, and what the filters offer. */
import type { ConversationView, Wanted } from "../core/methods";
import type { PersonBrief } from "../core/wire";

export interface Filters {
  /** A person's id, or empty. */
  person: string;
  /** A patient's id, or empty. */
  patient: string;
  /** The first day, as `2026-05-31`, or empty. */
  since: string;
  /** The last day, or empty. */
  until: string;
}

export const NO_FILTERS: Filters = { person: "", patient: "", since: "", until: "" };

/** What the core is asked; null while nothing is. */
export function wantedOf(typed: string, { person, patient, since, until }: Filters): Wanted | null {
  const q = typed.trim();
  const [first, end] = [dayOf(since), dayOf(until, 1)];
  if (q === "" && person === "" && patient === "" && first === null && end === null) {
    return null;
  }
  return {
    q,
    ...(person === "" ? {} : { from: person }),
    ...(patient === "" ? {} : { patient_id: patient }),
    ...(first === null ? {} : { since: first }),
    ...(end === null ? {} : { until: end }),
  };
}

/** Conversations that the filters leave: with the person in them, about the patient, alive since. When one
 * began is not known, so that a last day leaves out none. */
export function narrowed(
  conversations: readonly ConversationView[],
  { person, patient, since }: Filters,
): readonly ConversationView[] {
  const day = dayOf(since);
  return conversations.filter(
    (each) =>
      (person === "" || each.members.some(({ user }) => user.id === person)) &&
      (patient === "" || each.patient?.id === patient) &&
      (day === null || each.at >= day),
  );
}

/** Everybody in the conversations, by name. */
export function peopleIn(conversations: readonly ConversationView[]): PersonBrief[] {
  const people = new Map(
    conversations.flatMap(({ members }) => members.map(({ user }) => [user.id, user] as const)),
  );
  return [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Every patient whom a conversation is about, by name. */
export function patientsIn(
  conversations: readonly ConversationView[],
): { id: string; name: string }[] {
  const patients = new Map(
    conversations.flatMap(({ patient }) =>
      patient ? [[patient.id, { id: patient.id, name: patient.name }] as const] : [],
    ),
  );
  return [...patients.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The beginning of a day on this device's calendar, or of one so many days later: not every day has 24
 * hours. */
function dayOf(day: string, later = 0): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) {
    return null;
  }
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + later).getTime();
}
