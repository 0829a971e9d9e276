/** Orders about records in words, without a screen. */
import type { RecordScope, RecordsOrder, SignedStatement, Statement } from "../core/wire";
import { t } from "../texts";
import { date } from "../texts/time";

/** A hold or an export as it is signed: empty lists are left out, as the record keeper writes them. */
export function ordered(
  type: "hold" | "export",
  typed: {
    case: string;
    reason: string;
    people: readonly string[];
    conversations: string;
    patients: string;
    from: string;
    until: string;
  },
): Statement {
  const scope: RecordScope = {};
  // As the record keeper writes ids.
  const groups = listed(typed.conversations.toLowerCase());
  const patients = listed(typed.patients);
  const from = midnight(typed.from, 0);
  const until = midnight(typed.until, 1);
  if (groups.length > 0) {
    scope.groups = groups;
  }
  if (typed.people.length > 0) {
    scope.people = [...typed.people];
  }
  if (patients.length > 0) {
    scope.patients = patients;
  }
  if (from !== null) {
    scope.from = from;
  }
  if (until !== null) {
    scope.until = until;
  }
  return { type, case: typed.case.trim(), reason: typed.reason.trim(), scope };
}

/** What an order covers, in a line. */
export function scopeText(scope: RecordScope, now: number): string {
  const parts = [
    scope.people?.length ? t.records.ofPeople(scope.people.length) : null,
    scope.groups?.length ? t.records.ofConversations(scope.groups.length) : null,
    scope.patients?.length ? t.records.ofPatients(scope.patients.length) : null,
    scope.from === undefined ? null : t.records.since(date(scope.from, now)),
    scope.until === undefined ? null : t.records.until(date(scope.until - 1, now)),
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join(" · ") : t.records.everything;
}

export function kindText({ statement }: SignedStatement): string {
  return t.records.kinds[statement.type] ?? statement.type;
}

/** Whether somebody can agree to an order here: nobody to their own, nobody twice, and to an export
 * custodians agree where their share is. */
export function canAgree(
  order: RecordsOrder,
  who: { id: string; officer: boolean; custodian: boolean },
): boolean {
  const { type } = order.signed.statement;
  const may = type === "hold" || type === "end_hold" ? who.officer : who.custodian;
  return (
    may &&
    type !== "export" &&
    order.state === "waiting" &&
    order.by.id !== who.id &&
    !order.agreements.some(({ by }) => by.id === who.id)
  );
}

function listed(typed: string): string[] {
  return typed.split(/[\s,;]+/).filter(Boolean);
}

/** The beginning of a day, or of the one after it. */
function midnight(typed: string, days: number): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typed);
  return parts
    ? new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + days).getTime()
    : null;
}
