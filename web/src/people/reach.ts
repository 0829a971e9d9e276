/** What is said of whether somebody would notice a message, without a screen. */
import type { Reachability } from "../core/wire";
import { t } from "../texts";
import { date } from "../texts/time";

/** Why they might not, in sentences; none where they would. */
export function doubts(name: string, reach: Reachability, now: number): string[] {
  const { on_shift, phone, quiet_until, last_seen } = reach;
  const quiet = quiet_until && quiet_until > now ? quiet_until : null;
  const away = phone === "no";
  const lines: string[] = [];
  if (!on_shift && away) {
    lines.push(t.reach.offAndNo(name));
  } else if (!on_shift) {
    lines.push(t.reach.off(name));
  } else if (away) {
    lines.push(t.reach.no(name));
  }
  if (away) {
    lines.push(t.reach.seen[last_seen]);
  }
  if (quiet) {
    lines.push(t.reach.quiet(name, date(quiet, now)));
  }
  return lines;
}

/** Why somebody else is the better one to write to. */
export function reason({ user, reason, role_title }: NonNullable<Reachability["better"]>): string {
  return reason === "holds_role" && role_title
    ? t.reach.holdsRole(user.name, role_title)
    : t.reach.onShift(user.name);
}
