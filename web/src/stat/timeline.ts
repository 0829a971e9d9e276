/** What became of a STAT message, without a screen. */
import type { EscalationInfo, EscalationPerson } from "../core/wire";
import { t } from "../texts";
import { clock } from "../texts/time";

/** One line: when, or null where that is not known, and what. */
export interface Step {
  at: number | null;
  kind:
    | "sent"
    | "asked"
    | "declined"
    | "passed"
    | "roused"
    | "took"
    | "nobody"
    | "withdrawn"
    | "next";
  text: string;
}

/** All of it in its order, and what comes next. */
export function steps(page: EscalationInfo): Step[] {
  const words = t.stat.steps;
  const done: (Step & { at: number })[] = [
    { at: page.started_at, kind: "sent", text: words.sent(addressee(page)) },
  ];
  for (const asked of page.people) {
    // Somebody who answered without having been alerted was not asked.
    if (asked.attempts > 0) {
      done.push({ at: asked.first_at, kind: "asked", text: askedOf(asked, page) });
    }
    if (asked.declined_at) {
      const text = words.declined(asked.person.name);
      done.push({ at: asked.declined_at, kind: "declined", text });
    }
  }
  if (page.roused_at) {
    done.push({ at: page.roused_at, kind: "roused", text: words.roused });
  }
  // What happened at one time stays in the order in which it is said.
  done.sort((a, b) => a.at - b.at);
  return [...done, ...passedOver(page), ...last(page)];
}

/** Whom it was for. */
export function addressee({ role, recipients, departments }: EscalationInfo): string {
  return role ?? (recipients.map(({ name }) => name).join(", ") || departments.join(", "));
}

/** The pages of each message together, as they come; those of one message in their order. */
export function byMessage(pages: readonly EscalationInfo[]): EscalationInfo[][] {
  const found = new Map<string, EscalationInfo[]>();
  for (const page of pages) {
    const key = `${page.group} ${page.seq}`;
    const others = found.get(key);
    if (others) {
      others.push(page);
    } else {
      found.set(key, [page]);
    }
  }
  return [...found.values()].map((of) => of.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
}

/** What is asked of a person, each to be answered with one tap, the longest waiting first: all that one message asks
 * of them themselves, since whoever has two roles of a team comes once; what reached them up a chain, each by
 * itself, since those roles are others'. None is empty. */
export function asksOf(waiting: readonly EscalationInfo[], me: string): Ask[] {
  const isTheirs = ({ recipients }: EscalationInfo) => recipients.some(({ id }) => id === me);
  const own = byMessage(waiting.filter(isTheirs)).map((pages) => {
    const page = soonest(pages);
    return { name: `${page.group}/${page.seq}`, page, pages };
  });
  const others = waiting
    .filter((page) => !isTheirs(page))
    .map((page) => ({ name: page.id, page, pages: [page] }));
  return [...own, ...others].sort((a, b) => a.page.started_at - b.page.started_at);
}

/** One or more pages of a message that are answered together. */
export interface Ask {
  /** The same for as long as any of it waits, so that a card stays where it is while others answer for a role; a
   * word, as ids are. */
  name: string;
  /** The one that goes on first. */
  page: EscalationInfo;
  pages: readonly EscalationInfo[];
}

function soonest(pages: readonly EscalationInfo[]): EscalationInfo {
  const due = ({ next_at }: EscalationInfo) => next_at ?? Number.POSITIVE_INFINITY;
  return pages.reduce((first, page) => (due(page) < due(first) ? page : first));
}

/** Whom pages of one message are for. */
export function addressees(pages: readonly EscalationInfo[]): string {
  return pages.map(addressee).join(", ");
}

/** How one role of a team stands, in a line. */
export function lineOf(page: EscalationInfo): string {
  return `${addressee(page)}: ${lineStanding(page)}`;
}

/** How many of the roles that were asked for have somebody, or that all are over. */
export function together(pages: readonly EscalationInfo[]): string {
  const words = t.stat.lines;
  const count = (state: EscalationInfo["state"]) =>
    pages.filter((page) => page.state === state).length;
  const [coming, nobody] = [count("acknowledged"), count("unanswered")];
  if (count("withdrawn") === pages.length) {
    return words.withdrawn;
  }
  const parts = [words.coming(coming, pages.length)];
  if (nobody > 0) {
    parts.push(words.nobody(nobody));
  }
  return parts.join(", ");
}

/** The state of the whole: a role that nobody answers for is said before one that somebody is coming for. */
export function worst(pages: readonly EscalationInfo[]): EscalationInfo["state"] {
  const order = ["unanswered", "waiting", "acknowledged", "withdrawn"] as const;
  return order.find((state) => pages.some((page) => page.state === state)) ?? "waiting";
}

/** Who needs whom. */
export function needs({ page: { team, sender }, pages }: Pick<Ask, "page" | "pages">): string {
  const roles = pages.flatMap(({ role }) => role ?? []);
  return team && roles.length > 0
    ? t.stat.needs(sender.name, roles.join(", "))
    : t.stat.waits(sender.name);
}

/** What whoever took it is told. */
export function tookIt({ page, pages }: Pick<Ask, "page" | "pages">): string {
  return page.team
    ? t.stat.tookFor(addressees(pages), page.sender.name)
    : t.stat.took(page.sender.name);
}

/** Whether it is about this message, or about its newest version, which may be urgent anew. */
export function isOf(
  page: Pick<EscalationInfo, "seq">,
  message: { seq: number | null; newest_seq: number | null },
): boolean {
  return page.seq === message.seq || page.seq === message.newest_seq;
}

/** Whether others took all of a message, or it was taken back: nobody waits for this person. */
export function isSettled(pages: readonly EscalationInfo[], me: string): boolean {
  const settled = ({ state, acknowledged_by }: EscalationInfo) =>
    state === "withdrawn" || (state === "acknowledged" && acknowledged_by?.id !== me);
  return pages.length > 0 && pages.every(settled);
}

/** How it stands, in a few words. */
export function standing(page: EscalationInfo): string {
  const words = t.stat.standing;
  const at = clock(page.ended_at ?? page.started_at);
  switch (page.state) {
    case "waiting":
      return words.waiting;
    case "acknowledged":
      return words.acknowledged(page.acknowledged_by?.name ?? "", at);
    case "unanswered":
      return words.unanswered(at);
    case "withdrawn":
      return words.withdrawn(at);
  }
}

/** A level of the chain in words. */
export function levelName(level: string): string {
  return t.stat.levels[level] ?? t.stat.level(level.replaceAll(/[_-]/g, " "));
}

/** How long there is until it goes on, and what then. */
export function left(page: EscalationInfo, now: number): string {
  const seconds = Math.ceil(((page.next_at ?? now) - now) / 1000);
  if (seconds <= 0) {
    return t.stat.left.now;
  }
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return page.next_level
    ? t.stat.left.more(time, levelName(page.next_level))
    : t.stat.left.end(time);
}

/** Those that this person is asked to take and has not declined, the longest waiting first. */
export function waitingFor(pages: readonly EscalationInfo[], me: string): EscalationInfo[] {
  const open = pages.filter(
    (page) => page.state === "waiting" && page.asked && !own(page, me)?.declined_at,
  );
  return open.sort((a, b) => a.started_at - b.started_at);
}

/** Those of which this person is to be told that nobody answered, and that they have not put away. */
export function failedFor(
  pages: readonly EscalationInfo[],
  put: ReadonlySet<string>,
  now: number,
): EscalationInfo[] {
  return pages.filter(
    ({ id, failed, ended_at }) => failed && !put.has(id) && now - (ended_at ?? 0) < TOLD_MS,
  );
}

/** How often this person was alerted; 0 while others are asked in their place. */
export function attempts(page: EscalationInfo, me: string): number {
  return own(page, me)?.attempts ?? 0;
}

/** Which are over of those that this person was asked to take or had sent, by what was known before. */
export function endedSince(
  before: readonly EscalationInfo[],
  pages: readonly EscalationInfo[],
  me: string,
): EscalationInfo[] {
  const waited = new Set(
    before
      .filter((page) => page.state === "waiting" && (page.asked || page.sender.id === me))
      .filter((page) => !own(page, me)?.declined_at)
      .map(({ id }) => id),
  );
  return pages.filter(({ id, state }) => state !== "waiting" && waited.has(id));
}

function own(page: EscalationInfo, me: string): EscalationPerson | undefined {
  return page.people.find(({ person }) => person.id === me);
}

function askedOf(asked: EscalationPerson, page: EscalationInfo): string {
  const words = t.stat.steps;
  const { person, level, attempts: times } = asked;
  const parts = [
    level === "recipients"
      ? words.asked(person.name)
      : words.askedAs(person.name, levelName(level)),
  ];
  if (times > 1) {
    parts.push(words.times(times));
  }
  if (asked.read_at) {
    parts.push(words.read(clock(asked.read_at)));
  }
  if (!asked.declined_at && page.acknowledged_by?.id !== person.id) {
    const over = page.state !== "waiting" || wentOn(asked, page);
    parts.push(over ? words.silent : words.yet);
  }
  return parts.join(", ");
}

/** Whether others were asked after a person. */
function wentOn({ first_at, level }: EscalationPerson, page: EscalationInfo): boolean {
  return page.people.some((later) => later.first_at > first_at && later.level !== level);
}

function lineStanding(page: EscalationInfo): string {
  const words = t.stat.lines;
  switch (page.state) {
    case "waiting": {
      // Whoever is asked further up the chain rings, too.
      const level = page.people.findLast(({ declined_at }) => !declined_at)?.level;
      return level && level !== "recipients" ? words.ringingAt(levelName(level)) : words.ringing;
    }
    case "acknowledged": {
      const after = (page.ended_at ?? page.started_at) - page.started_at;
      return words.taken(page.acknowledged_by?.name ?? "", span(after));
    }
    case "unanswered":
      return words.unanswered;
    case "withdrawn":
      return words.unneeded;
  }
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

function passedOver({ quiet, unreachable }: EscalationInfo): Step[] {
  const words = t.stat.steps;
  const step = (text: string): Step => ({ at: null, kind: "passed", text });
  return [
    ...quiet.map(({ name }) => step(words.quiet(name))),
    ...unreachable.map(({ name }) => step(words.unreachable(name))),
  ];
}

function last(page: EscalationInfo): Step[] {
  const words = t.stat.steps;
  const at = page.ended_at ?? null;
  switch (page.state) {
    case "acknowledged":
      return [{ at, kind: "took", text: words.took(page.acknowledged_by?.name ?? "") }];
    case "unanswered":
      return [{ at, kind: "nobody", text: words.nobody }];
    case "withdrawn":
      return [{ at, kind: "withdrawn", text: words.withdrawn(page.sender.name) }];
    case "waiting": {
      const text = page.next_level ? words.next(levelName(page.next_level)) : words.ends;
      return page.next_at ? [{ at: page.next_at, kind: "next", text }] : [];
    }
  }
}

/** A shift: what failed in the one before is somebody else's by now, and stands in the list. */
const TOLD_MS = 12 * 3_600_000;
