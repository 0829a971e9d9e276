import { describe, expect, it } from "vitest";
import type { EscalationInfo, EscalationPerson, PersonBrief } from "../core/wire";
import {
  asksOf,
  attempts,
  byMessage,
  endedSince,
  failedFor,
  isSettled,
  left,
  lineOf,
  needs,
  standing,
  steps,
  together,
  waitingFor,
  worst,
} from "./timeline";

const NOON = new Date(2026, 0, 5, 12, 0).getTime();
const MINUTE = 60_000;

const person = (id: string, name: string): PersonBrief => ({
  id,
  username: id,
  name,
  role: "Nurse",
  department: "Cardiology",
});
const amara = person("a", "Amara");
const ingrid = person("i", "Ingrid");
const tomas = person("t", "Tomás");

const asked = (
  who: PersonBrief,
  level: string,
  minute: number,
  more: Partial<EscalationPerson> = {},
): EscalationPerson => ({
  person: who,
  level,
  attempts: 1,
  first_at: NOON + minute * MINUTE,
  last_at: NOON + minute * MINUTE,
  ...more,
});

const page = (more: Partial<EscalationInfo> = {}): EscalationInfo => ({
  id: "g.1",
  group: "g",
  seq: 1,
  sender: amara,
  recipients: [ingrid],
  departments: ["Cardiology"],
  started_at: NOON,
  state: "waiting",
  asked: false,
  failed: false,
  next_at: NOON + 5 * MINUTE,
  next_level: "charge_nurse",
  quiet: [],
  unreachable: [],
  people: [asked(ingrid, "recipients", 1)],
  ...more,
});

const said = (info: EscalationInfo) =>
  steps(info).map(({ at, text }) => (at === null ? text : `${(at - NOON) / MINUTE}: ${text}`));

describe("what became of a STAT message", () => {
  it("is told while it waits, with what comes next", () => {
    expect(said(page())).toEqual([
      "0: sent to Ingrid",
      "1: asked Ingrid, no answer yet",
      "5: the charge nurse is asked, if nobody answers",
    ]);
    expect(said(page({ next_level: null })).at(-1)).toBe("5: it is given up, if nobody answers");
    expect(said(page({ next_level: "quiet" })).at(-1)).toContain("do-not-disturb");
  });

  it("is told to the one who took it", () => {
    const people = [
      asked(tomas, "charge_nurse", 3, { attempts: 2 }),
      asked(ingrid, "recipients", 1, { attempts: 4 }),
    ];
    const taken = page({
      people,
      state: "acknowledged",
      acknowledged_by: tomas,
      ended_at: NOON + 4 * MINUTE,
    });
    expect(said(taken)).toEqual([
      "0: sent to Ingrid",
      "1: asked Ingrid, alerted 4 times, no answer",
      "3: asked Tomás, the charge nurse, alerted 2 times",
      "4: acknowledged by Tomás",
    ]);
    expect(standing(taken)).toBe("Taken by Tomás 12:04");
  });

  it("is told to the bitter end, with those who were passed over and who said no", () => {
    const people = [
      asked(ingrid, "recipients", 1, { declined_at: NOON + 2 * MINUTE }),
      asked(tomas, "charge_nurse", 2, { read_at: NOON + 3 * MINUTE }),
    ];
    const over = page({
      people,
      role: "Cardiology on call",
      state: "unanswered",
      ended_at: NOON + 9 * MINUTE,
      next_at: null,
      roused_at: NOON + 6 * MINUTE,
      quiet: [person("q", "Quinn")],
      unreachable: [person("u", "Uma")],
    });
    expect(said(over)).toEqual([
      "0: sent to Cardiology on call",
      "1: asked Ingrid",
      "2: Ingrid cannot take it",
      "2: asked Tomás, the charge nurse, looked at it 12:03, no answer",
      "6: nobody else was left: those in do-not-disturb are asked, too",
      "Quinn is in do-not-disturb: passed over",
      "Uma has no device in use: passed over",
      "9: nobody answered",
    ]);
    expect(standing(over)).toBe("Nobody answered, given up 12:09");
  });

  it("does not say that somebody was asked who answered by themselves", () => {
    const people = [asked(ingrid, "recipients", 1, { attempts: 0, declined_at: NOON + MINUTE })];
    expect(said(page({ people }))).toContain("1: Ingrid cannot take it");
    expect(said(page({ people }))).not.toContain("1: asked Ingrid");
  });
});

describe("a code team that was called", () => {
  const cardiology = page({ line: 0, role: "Cardiology fellow", team: "STEMI" });
  const lab = page({ id: "g.1.1", line: 1, role: "Cath lab nurse", team: "STEMI" });
  const taken = {
    ...cardiology,
    state: "acknowledged" as const,
    acknowledged_by: ingrid,
    ended_at: NOON + 12_000,
  };

  it("stands role by role, and together", () => {
    const nobody = { ...lab, state: "unanswered" as const, ended_at: NOON + 9 * MINUTE };
    expect([taken, lab, nobody].map(lineOf)).toEqual([
      "Cardiology fellow: coming (Ingrid, 12 s)",
      "Cath lab nurse: ringing",
      "Cath lab nurse: nobody answered",
    ]);
    const up = { ...lab, people: [...lab.people, asked(tomas, "charge_nurse", 2)] };
    expect(lineOf(up)).toBe("Cath lab nurse: ringing, the charge nurse too");
    expect(together([taken, lab])).toBe("1 of 2 coming");
    expect(together([taken, taken])).toBe("All 2 are coming");
    expect(together([taken, nobody])).toBe("1 of 2 coming, nobody answered for 1");
    expect([worst([taken, lab]), worst([taken, nobody]), worst([taken])]).toEqual([
      "waiting",
      "unanswered",
      "acknowledged",
    ]);
  });

  it("asks for a role by its name, and else for somebody", () => {
    const ask = (of: EscalationInfo) => needs({ page: of, pages: [of] });
    expect(ask(lab)).toBe("Amara needs Cath lab nurse now");
    expect(ask(page({ role: "Cardiology on call" }))).toBe("Amara needs somebody now");
    expect(ask(page({ team: "STEMI" }))).toBe("Amara needs somebody now");
  });

  it("asks whoever has two of its roles once, for both, until each is answered for", () => {
    const both = [cardiology, lab].map((each) => ({ ...each, recipients: [ingrid] }));
    const [first, ...more] = asksOf(both, "i");
    expect(more).toEqual([]);
    expect(first?.pages.map(({ id }) => id)).toEqual([cardiology.id, lab.id]);
    expect(first && needs(first)).toBe("Amara needs Cardiology fellow, Cath lab nurse now");
    expect(first?.name).toMatch(/^\S+$/);
    const [left] = asksOf(both.slice(1), "i");
    expect(left?.name).toBe(first?.name);
    expect(left && needs(left)).toBe("Amara needs Cath lab nurse now");
  });

  it("shows of those that are answered together the one that goes on first", () => {
    const soon = { ...lab, recipients: [ingrid], next_at: NOON + MINUTE };
    const [ask] = asksOf([{ ...cardiology, recipients: [ingrid] }, soon], "i");
    expect(ask?.page).toEqual(soon);
  });

  it("asks whom it reached up a chain for each by itself, since others have those roles", () => {
    const own = { ...cardiology, recipients: [ingrid] };
    const others = { ...lab, recipients: [tomas] };
    expect(asksOf([own, others], "i").map(({ pages }) => pages)).toEqual([[own], [others]]);
    expect(asksOf([own, others], "x").map(({ name }) => name)).toEqual([own.id, others.id]);
  });

  it("is one message, with its roles in their order", () => {
    const other = page({ id: "h.1", group: "h" });
    expect(byMessage([lab, other, cardiology])).toEqual([[cardiology, lab], [other]]);
  });
});

describe("who has to do what", () => {
  it("asks those who are asked until they say no, the longest waiting first", () => {
    const first = page({ id: "g.1", asked: true });
    const second = page({ id: "g.2", asked: true, started_at: NOON + MINUTE });
    const said = page({
      id: "g.3",
      asked: true,
      people: [asked(ingrid, "recipients", 1, { declined_at: NOON })],
    });
    const other = page({ id: "g.4" });
    expect(waitingFor([second, said, other, first], "i")).toEqual([first, second]);
    expect(attempts(first, "i")).toBe(1);
    expect(attempts(first, "t")).toBe(0);
  });

  it("tells those whom it concerns that nobody answered, until they have seen it", () => {
    const failed = page({ state: "unanswered", failed: true, ended_at: NOON });
    expect(failedFor([failed, page()], new Set(), NOON + MINUTE)).toEqual([failed]);
    expect(failedFor([failed], new Set(["g.1"]), NOON + MINUTE)).toEqual([]);
    expect(failedFor([failed], new Set(), NOON + 13 * 60 * MINUTE)).toEqual([]);
  });

  it("asks nobody any more once others took all of it, inside the conversation or not", () => {
    const taken = page({ state: "acknowledged", acknowledged_by: tomas });
    expect(isSettled([taken], "i")).toBe(true);
    expect(isSettled([taken], "t")).toBe(false);
    expect(isSettled([taken, page()], "i")).toBe(false);
    expect(isSettled([page({ state: "withdrawn" })], "i")).toBe(true);
    expect(isSettled([page({ state: "unanswered" })], "i")).toBe(false);
    expect(isSettled([], "i")).toBe(false);
  });

  it("tells once that it is over, to who waited for it", () => {
    const before = [page({ asked: true })];
    const after = [page({ state: "acknowledged", acknowledged_by: tomas })];
    expect(endedSince(before, after, "i")).toEqual(after);
    expect(endedSince(after, after, "i")).toEqual([]);
    expect(endedSince([page()], after, "i")).toEqual([]);
    expect(endedSince([page()], after, "a")).toEqual(after);
  });

  it("counts down to the next step", () => {
    expect(left(page(), NOON + 2.5 * MINUTE)).toBe("2:30 until the charge nurse is asked, too");
    expect(left(page({ next_level: null }), NOON)).toBe("5:00 until it is given up");
    expect(left(page(), NOON + 6 * MINUTE)).toBe("It goes on any moment");
  });
});
