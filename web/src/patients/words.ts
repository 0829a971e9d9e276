/** A patient in words. */
import type { Allergy, PatientBanner } from "../core/wire";
import { t } from "../texts";
import { birth } from "../texts/time";

/** `78 y, Female, born 12 Mar 1947`, as far as it is known. */
export function identity({ age, sex, birth_date }: PatientBanner): string {
  return [
    typeof age === "number" ? t.patient.years(age) : null,
    sex ? (t.patient.sex[sex] ?? sex) : null,
    birth_date ? t.patient.born(birth(birth_date)) : null,
  ]
    .filter(Boolean)
    .join(", ");
}

/** Those that may kill first; empty when none is recorded. */
export function allergyText(allergies: readonly Allergy[]): string {
  const high = allergies.filter(({ criticality }) => criticality === "high");
  const rest = allergies.filter(({ criticality }) => criticality !== "high");
  return [
    ...high.map(({ substance }) => `${substance} (${t.patient.highRisk})`),
    ...rest.map(({ substance }) => substance),
  ].join(", ");
}
