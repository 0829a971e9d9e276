/** Unusual sign-ins and what is said about them, without a screen. */
import type { RiskGroup, RiskRule, RiskThreshold, RiskySignIn } from "../core/wire";
import { t } from "../texts";

/** From so many times the share of all others on, a group is asked conspicuously often. */
const MUCH_MORE = 1.2;

/** What became of a sign-in. */
export type Outcome = "open" | "person" | "confirmed" | "stranger";

export function outcomeOf({ was_me, confirmed_at }: RiskySignIn): Outcome {
  if (was_me === true) {
    return "person";
  }
  if (was_me === false) {
    return "stranger";
  }
  return confirmed_at ? "confirmed" : "open";
}

/** Whether it has to be told apart from the everyday. */
export function isUnusual({ unusual, was_me }: RiskySignIn): boolean {
  return unusual || was_me === false;
}

/** Whether nobody has said yet, or shown, whose a sign-in was. */
export function isOpen(signIn: RiskySignIn): boolean {
  return outcomeOf(signIn) === "open";
}

/** What can still be said of a sign-in: nothing is answered twice, and of what looked usual only that
 * it was not the person. */
export function answersTo(signIn: RiskySignIn): { yes: boolean; no: boolean } {
  const said = signIn.was_me === true || signIn.was_me === false;
  const unusual = isUnusual(signIn);
  return {
    yes: !said && unusual && isOpen(signIn),
    no: !said && (unusual || !signIn.current),
  };
}

/** Sign-ins whose person, or device, fits the text. */
export function fitting(signIns: readonly RiskySignIn[], text: string): RiskySignIn[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return signIns.filter(({ user, device_name }) => {
    const all = [user?.name, user?.username, user?.role, user?.department, device_name]
      .filter(Boolean)
      .join("\n")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** `12 %`, `0.4 %`; a share too small to be written so is not called nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) {
    return t.risk.hardly;
  }
  return `${Number((share * 100).toFixed(1))}\u00a0%`;
}

/** What is asked from which risk on, and of how many it would be asked for nothing. */
export function thresholdWords({ asks, risk, share_asked: share }: RiskThreshold): string {
  const what = t.risk.asks[asks] ?? asks;
  return typeof share === "number"
    ? t.risk.threshold(what, risk, percent(share))
    : t.risk.thresholdUnknown(what, risk);
}

/** Rules that ship and ask by more than a threshold: each is shown, though it asked nobody yet. */
const SHOWN = ["risk.off_duty_elsewhere", "risk.off_duty_elsewhere_without_codes"];

/** What rules did ask, those that ask by more than a threshold first, then the others by name. */
export function rulesOf(rules: readonly RiskRule[]): RiskRule[] {
  const asked = (name: string) => rules.find((rule) => rule.name === name)?.asked ?? 0;
  const shown = SHOWN.map((name) => ({ name, asked: asked(name) }));
  const others = rules.filter(({ name }) => !SHOWN.includes(name));
  return [...shown, ...others.toSorted((a, b) => a.name.localeCompare(b.name))];
}

/** How many of all sessions a rule did ask. */
export function ruleWords({ name, asked }: RiskRule, sessions: number): string {
  const what = t.risk.rule[name] ?? t.risk.ruleNamed(name);
  return t.risk.ruleAsked(what, percent(asked / sessions), asked);
}

/** Whether a group is asked conspicuously more often than all others. */
export function isAskedMore({ ratio }: RiskGroup): boolean {
  return ratio !== null && ratio > MUCH_MORE;
}

/** How often a group is asked beside all others. */
export function ratioWords(group: RiskGroup): string {
  if (group.ratio === null) {
    return t.risk.tooFew;
  }
  const times = group.ratio.toFixed(1);
  if (!isAskedMore(group)) {
    return t.risk.askedAlike(times);
  }
  const chance = group.ratio_95 && group.ratio_95[0] <= 1;
  return chance ? `${t.risk.askedMore(times)} ${t.risk.chance}` : t.risk.askedMore(times);
}

/** A group's name for people. */
export function groupName({ by, name }: RiskGroup): string {
  return (by === "shift" ? t.risk.shift[name] : undefined) ?? (name || t.risk.unknown);
}
