/** What a message says of an entry of a chart: which one, and nothing that stands in it. */

/** Types of which an entry can be referred to. */
const KINDS = [
  "Condition",
  "DiagnosticReport",
  "DocumentReference",
  "MedicationRequest",
  "Observation",
  "Procedure",
] as const;
export type Kind = (typeof KINDS)[number];
export type View = "value" | "trend";

export interface Reference {
  /** Whose chart it is in. */
  patient: string;
  kind: Kind;
  id: string;
  view: View;
}

/** As the core carries it. */
export function referenceText({ patient, kind, id, view }: Reference): string {
  return [patient, kind, id, view].join("/");
}

/** Null where a later version wrote what this one does not know. */
export function toReference(text: string): Reference | null {
  const [patient = "", kind = "", id = "", view = ""] = text.split("/");
  const known = KINDS.find((each) => each === kind);
  return isId(patient) && known && isId(id) && (view === "value" || view === "trend")
    ? { patient, kind: known, id, view }
    : null;
}

/** Of FHIR's form; one of dots would be a way up in an address. */
function isId(text: string): boolean {
  return /^[A-Za-z0-9.-]{1,64}$/.test(text) && !/^\.+$/.test(text);
}

/** Whether it is of another patient's chart than the conversation is about. */
export function isOfAnother({ patient }: Reference, about: string | null): boolean {
  return about !== null && patient !== about;
}
