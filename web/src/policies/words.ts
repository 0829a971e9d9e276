/** Policies in words, and what is said of them in an order that can be read. */
import type {
  PersonAnswer,
  PersonBrief,
  PolicyAnswer,
  PolicyFile,
  PolicyVersion,
  ReplayChange,
} from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";

/** The digits of a hash by which people tell versions apart. */
const HASH_SHOWN = 12;
/** What hurts most first. */
const GRAVEST: readonly PolicyAnswer[] = ["deny", "step_up", "allow"];
/** Those who can first. */
const ABLEST: readonly PolicyAnswer[] = ["allow", "step_up", "deny"];

export function shortHash(hash: string): string {
  return hash.slice(0, HASH_SHOWN);
}

/** Who drafted, approved and withdrew a version, and from when on it decides, a sentence each. */
export function historyWords(version: PolicyVersion, now: number): string[] {
  const { author, created_at, approved_by, approved_at, effective_at, state } = version;
  const { withdrawn_by, withdrawn_at } = version;
  return [
    version.version === 0
      ? t.policies.shipped
      : t.policies.drafted(author?.name ?? t.policies.console, moment(created_at, now)),
    approved_at
      ? t.policies.approved(approved_by?.name ?? t.policies.console, moment(approved_at, now))
      : null,
    withdrawn_at
      ? t.policies.withdrawnBy(withdrawn_by?.name ?? t.policies.console, moment(withdrawn_at, now))
      : null,
    effective_at && state !== "withdrawn"
      ? (state === "active" || state === "replaced" ? t.policies.since : t.policies.effective)(
          moment(effective_at, now),
        )
      : null,
  ].filter((line) => line !== null);
}

/** The first of the approved versions that wait for their date: until then none is approved. */
export function waitingOf(versions: readonly PolicyVersion[]): PolicyVersion | null {
  const waiting = versions.filter(({ state }) => state === "approved");
  const [first] = waiting.sort((a, b) => (a.effective_at ?? 0) - (b.effective_at ?? 0));
  return first ?? null;
}

/** Whether both are the same texts. */
export function sameFiles(a: readonly PolicyFile[], b: readonly PolicyFile[]): boolean {
  return keyOf(a) === keyOf(b);
}

/** By which an answer about texts is known to be about these. */
export function keyOf(files: readonly PolicyFile[]): string {
  return JSON.stringify(files.map(({ name, text }) => [name, text]));
}

/** The schema is not for changing. */
export function isSchema(name: string): boolean {
  return name.endsWith(".cedarschema");
}

/** What would be otherwise, by what it would be, the gravest and the most frequent first. */
export function byOutcome(
  changes: readonly ReplayChange[],
): { now: PolicyAnswer; changes: ReplayChange[] }[] {
  return GRAVEST.map((now) => ({
    now,
    changes: changes.filter((each) => each.now === now).sort((a, b) => b.count - a.count),
  })).filter((group) => group.changes.length > 0);
}

/** People whom policies answer the same for the same reasons. */
export interface Alike {
  /** Why, or with which proof, in words. */
  why: string;
  people: PersonBrief[];
}

/** People by what they are answered, and by why; the largest group first. */
export function byAnswer(
  people: readonly PersonAnswer[],
): { answer: PolicyAnswer; count: number; alike: Alike[] }[] {
  return ABLEST.map((answer) => {
    const such = people.filter((each) => each.answer === answer);
    const alike = new Map<string, PersonBrief[]>();
    for (const each of such) {
      const why = whyWords(each);
      alike.set(why, [...(alike.get(why) ?? []), each.user]);
    }
    return {
      answer,
      count: such.length,
      alike: [...alike]
        .map(([why, users]) => ({
          why,
          people: users.sort((a, b) => a.name.localeCompare(b.name)),
        }))
        .sort((a, b) => b.people.length - a.people.length),
    };
  }).filter(({ count }) => count > 0);
}

function whyWords({ answer, methods, why }: PersonAnswer): string {
  const proofs =
    answer === "step_up" ? methods.map((method) => t.policies.method[method] ?? method) : [];
  const words = [proofs.length > 0 ? `${capital(proofs.join(", "))}.` : "", ...why].filter(Boolean);
  return words.length > 0 ? words.join(" ") : t.policies.plain[answer];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
