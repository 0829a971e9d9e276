/** Who is on call and whose turn is next, without a screen. */
import type { ScheduledRole, ScheduledTurn, Swap } from "../core/wire";

/** How long before a signature runs out it is asked for anew. */
const SOON_MS = 7 * 24 * 60 * 60 * 1000;
/** The roles that change schedules. */
const MANAGERS = ["charge_nurse", "security_officer", "operator"];

export interface Held {
  role: ScheduledRole;
  /** Who has it now; null in a gap. */
  now: ScheduledTurn | null;
  /** What begins next. */
  next: ScheduledTurn | null;
}

export interface Department {
  name: string;
  roles: Held[];
}

export interface OwnTurn {
  role: ScheduledRole;
  turn: ScheduledTurn;
}

export function mayManage(roles: readonly string[]): boolean {
  return MANAGERS.some((role) => roles.includes(role));
}

/** Who has a role at a time: of turns that overlap, the one that began last. */
export function holder(turns: readonly ScheduledTurn[], at: number): ScheduledTurn | null {
  let held: ScheduledTurn | null = null;
  for (const turn of turns) {
    if (turn.from <= at && at < turn.until && (!held || turn.from >= held.from)) {
      held = turn;
    }
  }
  return held;
}

/** How long before its end a turn is handed over in words. */
const HANDOVER_MS = 60 * 60 * 1000;

/** Who has the role after a turn, once that is about to end: nobody before, and after a gap. */
export function successor(
  turns: readonly ScheduledTurn[],
  turn: ScheduledTurn,
  at: number,
): ScheduledTurn | null {
  const ends = turn.from <= at && at < turn.until && turn.until - at <= HANDOVER_MS;
  return ends ? holder(turns, turn.until) : null;
}

/** Roles whose turns no device has signed as they are, so that their conversations do not follow. */
export function unsigned(roles: readonly ScheduledRole[], at: number): ScheduledRole[] {
  return roles.filter(
    ({ turns, signed_until, unsigned_changes }) =>
      turns.length > 0 && (unsigned_changes || !signed_until || signed_until <= at + SOON_MS),
  );
}

/** The turn that begins next. */
export function following(turns: readonly ScheduledTurn[], at: number): ScheduledTurn | null {
  let next: ScheduledTurn | null = null;
  for (const turn of turns) {
    if (turn.from > at && (!next || turn.from < next.from)) {
      next = turn;
    }
  }
  return next;
}

/** Departments by name, each with its roles by title. */
export function byDepartment(roles: readonly ScheduledRole[], at: number): Department[] {
  const departments = new Map<string, Held[]>();
  for (const role of roles) {
    const held = { role, now: holder(role.turns, at), next: following(role.turns, at) };
    departments.set(role.department, [...(departments.get(role.department) ?? []), held]);
  }
  return [...departments]
    .map(([name, held]) => ({
      name,
      roles: held.sort((a, b) => a.role.title.localeCompare(b.role.title)),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** A person's turns that are not over, by their beginning. */
export function turnsOf(
  roles: readonly ScheduledRole[],
  me: string | undefined,
  at: number,
): OwnTurn[] {
  return roles
    .flatMap((role) => role.turns.map((turn) => ({ role, turn })))
    .filter(({ turn }) => turn.user.id === me && turn.until > at)
    .sort((a, b) => a.turn.from - b.turn.from || a.role.title.localeCompare(b.role.title));
}

/** The swaps that wait for this person's answer. */
export function toAnswer(swaps: readonly Swap[], me: string | undefined): Swap[] {
  return swaps.filter(({ state, asked_of }) => state === "asked" && asked_of.id === me);
}

/** What a person asked about a turn of theirs: those that wait, and those that were declined. */
export function askedAbout(
  swaps: readonly Swap[],
  { role, turn }: OwnTurn,
  me: string | undefined,
): Swap[] {
  return swaps.filter(
    (swap) =>
      swap.asked_by.id === me &&
      swap.role === role.slug &&
      swap.from === turn.from &&
      (swap.state === "asked" || swap.state === "declined"),
  );
}

/** The roles that a person has at a time, by slug. */
export function heldBy(
  roles: readonly ScheduledRole[],
  me: string | undefined,
  at: number,
): Map<string, ScheduledRole> {
  return new Map(
    roles
      .filter(({ turns }) => me !== undefined && holder(turns, at)?.user.id === me)
      .map((role) => [role.slug, role]),
  );
}

/** What a file is, by its name and beginning. */
export function formatOf(name: string, text: string): "csv" | "icalendar" {
  const calendar = /\.(ics|ical)$/i.test(name) || /^\s*BEGIN:VCALENDAR/i.test(text);
  return calendar ? "icalendar" : "csv";
}

/** The local time of a `datetime-local` field; null where it is none. */
export function typedTime(value: string): number | null {
  const at = new Date(value).getTime();
  return value && Number.isFinite(at) ? at : null;
}

/** The value of a `datetime-local` field for a time, to the minute. */
export function fieldTime(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
