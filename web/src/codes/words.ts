/** One-time codes and what is said about them, without a screen. */
import type { Failure } from "../core/failure";
import type { FactorInfo, FactorList, FactorsMissingOf } from "../core/wire";

/** What was typed, as far as it can belong to a code: digits, and gaps for the eye. */
export function codeText(typed: string): string {
  return typed
    .replace(/[\s-]/g, " ")
    .replace(/[^\d ]/g, "")
    .slice(0, 12);
}

/** Codes have six to eight digits, whatever gaps are typed. */
export function isCode(typed: string): boolean {
  return /^\d{6,8}$/.test(typed.replaceAll(" ", ""));
}

/** A secret as it is read out and typed: in groups of four. */
export function groups(secret: string): string[] {
  return secret.match(/.{1,4}/g) ?? [];
}

/** Whether its codes count: an app's from the first right one on; a card was handed over. */
export function counts({ confirmed_at, serial }: FactorInfo): boolean {
  return Boolean(confirmed_at) || Boolean(serial);
}

/** People whose name, role or department fits the text. */
export function shortFitting(
  people: readonly FactorsMissingOf[],
  text: string,
): FactorsMissingOf[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return people.filter(({ user }) => {
    const all = [user.name, user.username, user.role, user.department].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** How many more that were tried out a person's role needs; smart cards count. */
export function missing({ factors, needed, cards }: FactorList): number {
  const have = factors.filter(({ confirmed_at }) => confirmed_at).length + cards;
  return Math.max(0, needed - have);
}

/** How long no code is looked at after wrong ones; 0 where the failure is another. */
export function waitSeconds({ code, problem }: Failure): number {
  const digits = /\d+/.exec(problem?.detail ?? "");
  return code === "too-many-requests" && digits ? Number(digits[0]) : 0;
}

/** What is wrong and what to do: beside a code the hospital's title says what its advice does not. */
export function told({ problem, message }: Failure): string {
  return problem?.detail ? `${problem.title}. ${problem.detail}` : message;
}

/** Every reason that a file is not taken, below what is said of the file, or what else is wrong. */
export function refusedLines(failure: Failure, ofFile: string): string[] {
  const given = failure.problem?.reasons;
  if (failure.code !== "import-refused" || !Array.isArray(given)) {
    return [told(failure)];
  }
  return [ofFile, ...given.map(String)];
}
