/** Terms while they are being changed: what was typed stays as it was typed until it is tried. */
import type { Check, CheckKind, Program, Provenance, Rule } from "../core/wire";
import { t } from "../texts";

/** A program's terms with the fields that can be changed as text. */
export interface Draft {
  lock_seconds: string;
  offline_hours: string;
  attachments: boolean;
  rules: DraftRule[];
}

export interface DraftRule {
  /** Switched off, it is left out of the terms. */
  on: boolean;
  id: string;
  kind: CheckKind;
  accept: Provenance[];
  platforms: string[];
  grace_days: string;
  max_age_days: string;
  counts: boolean;
  max_seconds: string;
  days: string;
  strongbox: boolean;
  floors: Readonly<Record<string, string>>;
}

/** The ranges that the hospital's server takes. */
const WITHIN = {
  lock_seconds: [15, 3600],
  offline_hours: [0, 72],
  grace_days: [0, 365],
  max_age_days: [1, 366],
  max_seconds: [15, 3600],
  days: [1, 366],
} as const;

export function draftOf({ limits, rules }: Program): Draft {
  return {
    lock_seconds: String(limits.lock_seconds),
    offline_hours: String(limits.offline_hours),
    attachments: limits.attachments,
    rules: rules.map(draftRule),
  };
}

/** A new rule of this kind, with an id that none of the others has. */
export function blank(kind: CheckKind, others: readonly Pick<Rule, "id">[]): Rule {
  let id: string = kind;
  for (let n = 2; others.some((other) => other.id === id); n += 1) {
    id = `${kind}_${n}`;
  }
  return {
    id,
    check: blankCheck(kind),
    accept: blankAccept(kind),
    platforms: [],
    max_age_days: kind === "seen" || kind === "key_in_hardware" ? null : 30,
    grace_days: 14,
    unknown: "allow",
  };
}

function blankAccept(kind: CheckKind): Provenance[] {
  switch (kind) {
    case "seen":
      return [];
    case "key_in_hardware":
    case "authenticator":
      return ["attested"];
    default:
      return ["agent", "managed", "attested"];
  }
}

function blankCheck(kind: CheckKind): Check {
  switch (kind) {
    case "screen_lock":
      return { kind };
    case "key_in_hardware":
      return { kind, strongbox: false };
    case "os_floor":
      return { kind, floors: { android: "14", ios: "18", ipados: "18" } };
    case "seen":
      return { kind, days: 30 };
    default:
      return { kind };
  }
}

export function draftRule(rule: Rule): DraftRule {
  const { check } = rule;
  return {
    on: true,
    id: rule.id,
    kind: check.kind,
    accept: rule.accept,
    platforms: rule.platforms,
    grace_days: String(rule.grace_days),
    max_age_days: rule.max_age_days ? String(rule.max_age_days) : "",
    counts: rule.unknown === "count",
    max_seconds: check.kind === "screen_lock" && check.max_seconds ? String(check.max_seconds) : "",
    days: check.kind === "seen" ? String(check.days) : "",
    strongbox: check.kind === "key_in_hardware" && check.strongbox,
    floors: check.kind === "os_floor" ? check.floors : {},
  };
}

/** The terms that a draft comes to, or what is wrong first. */
export function termsOf(base: Program, draft: Draft): { terms: Program } | { wrong: string } {
  try {
    return {
      terms: {
        ...base,
        limits: {
          ...base.limits,
          lock_seconds: number("lock_seconds", draft.lock_seconds, t.programs.lockSeconds),
          offline_hours: number("offline_hours", draft.offline_hours, t.programs.offlineHours),
          attachments: draft.attachments,
        },
        rules: draft.rules.filter(({ on }) => on).map(ruleOf),
      },
    };
  } catch (thrown) {
    if (thrown instanceof Wrong) {
      return { wrong: thrown.message };
    }
    throw thrown;
  }
}

/** What was typed cannot be meant. */
class Wrong extends Error {}

function ruleOf(draft: DraftRule): Rule {
  if (draft.kind !== "seen" && draft.accept.length === 0) {
    throw new Wrong(t.programs.acceptMissing(draft.id));
  }
  const named = (label: string) => `${draft.id}: ${label}`;
  return {
    id: draft.id,
    check: checkOf(draft, named),
    accept: draft.accept,
    platforms: draft.platforms,
    max_age_days:
      draft.max_age_days.trim() === ""
        ? null
        : number("max_age_days", draft.max_age_days, named(t.programs.maxAge)),
    grace_days: number("grace_days", draft.grace_days, named(t.programs.graceDays)),
    unknown: draft.counts ? "count" : "allow",
  };
}

function checkOf(draft: DraftRule, named: (label: string) => string): Check {
  switch (draft.kind) {
    case "screen_lock":
      return draft.max_seconds.trim() === ""
        ? { kind: "screen_lock" }
        : {
            kind: "screen_lock",
            max_seconds: number("max_seconds", draft.max_seconds, named(t.programs.maxSeconds)),
          };
    case "key_in_hardware":
      return { kind: "key_in_hardware", strongbox: draft.strongbox };
    case "os_floor": {
      const floors = Object.entries(draft.floors)
        .map(([platform, version]) => [platform, version.trim()] as const)
        .filter(([, version]) => version !== "");
      if (floors.length === 0) {
        throw new Wrong(t.programs.floorMissing(draft.id));
      }
      return { kind: "os_floor", floors: Object.fromEntries(floors) };
    }
    case "seen":
      return { kind: "seen", days: number("days", draft.days, named(t.programs.seenDays)) };
    default:
      return { kind: draft.kind };
  }
}

function number(name: keyof typeof WITHIN, typed: string, label: string): number {
  const [from, to] = WITHIN[name];
  const value = Number(typed.trim());
  if (!/^\d+$/.test(typed.trim()) || value < from || value > to) {
    throw new Wrong(t.programs.invalid(label.replace(/ \([^)]*\)$/, ""), from, to));
  }
  return value;
}
