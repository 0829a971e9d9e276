/** A bot's scope as it is typed, without a screen. */
import type { BotInfo, BotScope, Priority } from "../core/wire";

export interface ScopeDraft {
  reads: boolean;
  anywhere: boolean;
  highest: Priority;
  /** With commas or spaces between. */
  roles: string;
  groups: string;
  care_teams: boolean;
  results: boolean;
  /** Messages in a minute. */
  rate: number;
}

/** No more than most need. */
export const LEAST: ScopeDraft = {
  reads: false,
  anywhere: false,
  highest: "routine",
  roles: "",
  groups: "",
  care_teams: false,
  results: false,
  rate: 30,
};

/** As a bot has it now. */
export function draftOf({ scope, per_minute }: BotInfo): ScopeDraft {
  return {
    reads: scope.reads,
    anywhere: scope.anywhere,
    highest: scope.highest,
    roles: scope.roles.join(", "),
    groups: scope.groups.join(", "),
    care_teams: scope.care_teams,
    results: scope.results,
    rate: per_minute,
  };
}

/** What the hospital takes. */
export function scopeOf({ rate, roles, groups, ...rest }: ScopeDraft): {
  scope: BotScope;
  per_minute: number;
} {
  return { scope: { ...rest, roles: listed(roles), groups: listed(groups) }, per_minute: rate };
}

/** Names with commas or spaces between. */
export function listed(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}
