/** What is said of whether somebody would notice a message, without a screen. */
import type { Priority, QuietUntil, Reachability, ReachOf } from "../core/wire";
import { t } from "../texts";
import { date, until } from "../texts/time";

/** Why they might not, in sentences; none where they would. What would ring differs by urgency. */
export function doubts(
  name: string,
  reach: Reachability,
  now: number,
  priority: Priority = "routine",
): string[] {
  const { on_shift, phone, quiet_until, last_seen } = reach;
  const quiet = quiet_until && quiet_until > now ? quiet_until : null;
  const held = waits(reach, priority);
  const away = phone === "no";
  const lines: string[] = [];
  if (held?.reason === "off_duty") {
    lines.push(
      held.until ? t.reach.offDutyUntil(name, until(held.until, now)) : t.reach.offDuty(name),
      waits(reach, "urgent") ? t.reach.rings.urgent : t.reach.rings.routine,
    );
    if (away) {
      lines.push(t.reach.no(name));
    }
  } else if (!on_shift && away) {
    lines.push(t.reach.offAndNo(name));
  } else if (!on_shift) {
    lines.push(t.reach.off(name));
  } else if (away) {
    lines.push(t.reach.no(name));
  }
  if (away) {
    lines.push(t.reach.seen[last_seen]);
  }
  if (held?.reason === "batched" && held.until) {
    lines.push(t.reach.quietly(name, until(held.until, now)));
  }
  if (quiet) {
    lines.push(t.reach.quiet(name, date(quiet, now)));
  }
  return lines;
}

/** Of a group: how many would not notice, by name, and whether anybody is at work; nothing where all
 * would. */
export function doubtsOfAll(
  names: ReadonlyMap<string, string>,
  found: readonly ReachOf[],
  now: number,
  priority: Priority = "routine",
): string[] {
  const words = t.reach.all;
  const of = (which: (each: ReachOf) => boolean) =>
    found.filter(which).map(({ user_id }) => names.get(user_id) ?? "");
  const away = of(({ phone }) => phone === "no");
  const quiet = of(
    ({ phone, quiet_until }) => phone !== "no" && quiet_until != null && quiet_until > now,
  );
  const lines: string[] = [];
  if (away.length > 0) {
    lines.push(words.no(away.length, found.length, listed(away)));
  }
  if (quiet.length > 0 && priority !== "stat") {
    lines.push(words.quiet(quiet.length, listed(quiet)));
  }
  if (found.length > 0 && found.every(({ on_shift }) => !on_shift)) {
    lines.push(words.off);
  }
  return lines;
}

/** Names in a line of a phone; the others by their number. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED);
  const more = names.length - shown.length;
  return more > 0 ? t.reach.all.more(shown.join(", "), more) : shown.join(", ");
}

/** Whether an urgent message would ring where a routine one waits. */
export function urgentRings(reach: Reachability, priority: Priority): boolean {
  return priority === "routine" && Boolean(waits(reach, "routine")) && !waits(reach, "urgent");
}

function waits({ quietly }: Reachability, priority: Priority): QuietUntil | null {
  return (priority === "stat" ? null : quietly[priority]) ?? null;
}

/** Why somebody else is the better one to write to. */
export function reason({ user, reason, role_title }: NonNullable<Reachability["better"]>): string {
  return reason === "holds_role" && role_title
    ? t.reach.holdsRole(user.name, role_title)
    : t.reach.onShift(user.name);
}

const MOST_NAMED = 4;
