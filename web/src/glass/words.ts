/** Broken glasses in words. */
import type { Failure } from "../core/failure";
import type { Glass } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";

/** The policies' codes for charts that breaking the glass may open. */
const OPENED_BY_GLASS: readonly unknown[] = [
  "no_basis",
  "very_restricted",
  "protected_note",
  "protected_entry",
];

/** Whether it was refused for want of a reason to look, and nothing else stands in the way. */
export function opensByGlass({ problem }: Failure): boolean {
  return problem?.status === 403 && isForGlass(problem.reason);
}

/** The same of a policy's code by itself. */
export function isForGlass(reason: unknown): boolean {
  return OPENED_BY_GLASS.includes(reason);
}

export function patientText({ patient_name }: Glass): string {
  return patient_name ?? t.glass.unknownPatient;
}

export function purposeText({ purpose }: Glass): string {
  return t.glass.purposes[purpose]?.name ?? purpose;
}

export function dueText({ due_at }: Glass, now: number): string {
  return now > due_at ? t.glass.overdue : t.glass.due(moment(due_at, now));
}

export function lookText(action: string): string {
  return t.glass.look[action] ?? action;
}
