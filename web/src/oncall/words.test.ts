import { describe, expect, it } from "vitest";
import type { PersonBrief, ScheduledRole, ScheduledTurn, Swap } from "../core/wire";
import {
  askedAbout,
  byDepartment,
  fieldTime,
  following,
  formatOf,
  heldBy,
  holder,
  mayManage,
  successor,
  toAnswer,
  turnsOf,
  typedTime,
  unsigned,
} from "./words";

const ada = person("ada");
const ben = person("ben");

function person(id: string): PersonBrief {
  return { id, username: id, name: id, role: "Nurse", department: "Cardiology" };
}

function turn(from: number, until: number, user: PersonBrief): ScheduledTurn {
  return { from, until, user };
}

function role(slug: string, department: string, turns: ScheduledTurn[]): ScheduledRole {
  return { slug, title: `${slug} on call`, department, turns };
}

function swap(state: Swap["state"], from: number): Swap {
  return {
    id: `${state}-${from}`,
    role: "cardiology",
    title: "cardiology on call",
    from,
    until: from + 10,
    asked_by: ada,
    asked_of: ben,
    state,
    asked_at: 0,
  };
}

describe("who is on call", () => {
  const turns = [turn(0, 20, ada), turn(5, 10, ben), turn(20, 30, ben)];

  it("is who began last, and the earlier one again after", () => {
    expect(holder(turns, 7)?.user).toBe(ben);
    expect(holder(turns, 12)?.user).toBe(ada);
    expect(holder(turns, 30)).toBeNull();
    expect(following(turns, 7)?.from).toBe(20);
    expect(following(turns, 20)).toBeNull();
  });

  it("is handed over in the last hour, to whoever has it then", () => {
    const minute = 60_000;
    const first = turn(0, 600 * minute, ada);
    const all = [first, turn(600 * minute, 900 * minute, ben)];
    expect(successor(all, first, 539 * minute)).toBeNull();
    expect(successor(all, first, 540 * minute)?.user).toBe(ben);
    expect(successor([first], first, 590 * minute)).toBeNull();
  });

  it("is to be signed where it changed, or the signature soon runs out", () => {
    const day = 24 * 60 * 60_000;
    const signed = (until: number | null, changed = false) => ({
      ...role("cardiology", "Cardiology", turns),
      signed_until: until,
      unsigned_changes: changed,
    });
    expect(unsigned([signed(20 * day)], 0)).toEqual([]);
    expect(unsigned([signed(20 * day, true), signed(6 * day), signed(null)], 0)).toHaveLength(3);
    expect(unsigned([role("empty", "Cardiology", [])], 0)).toEqual([]);
  });

  it("is listed by department and title", () => {
    const roles = [
      role("surgery", "Surgery", turns),
      role("cardiology", "Cardiology", []),
      role("ablation", "Cardiology", turns),
    ];
    const listed = byDepartment(roles, 7);
    expect(listed.map(({ name }) => name)).toEqual(["Cardiology", "Surgery"]);
    expect(listed[0]?.roles.map((each) => each.role.slug)).toEqual(["ablation", "cardiology"]);
    expect(listed[0]?.roles[1]?.now).toBeNull();
  });

  it("knows a person's turns and what they hold", () => {
    const roles = [role("cardiology", "Cardiology", turns)];
    expect(turnsOf(roles, "ben", 10).map((own) => own.turn.from)).toEqual([20]);
    expect([...heldBy(roles, "ada", 2).keys()]).toEqual(["cardiology"]);
    expect(heldBy(roles, undefined, 2).size).toBe(0);
  });
});

describe("swaps", () => {
  const swaps = [swap("asked", 0), swap("declined", 0), swap("agreed", 0), swap("asked", 20)];

  it("wait for whoever is asked, and for nobody else", () => {
    expect(toAnswer(swaps, "ben")).toHaveLength(2);
    expect(toAnswer(swaps, "ada")).toHaveLength(0);
  });

  it("are told beside the turn that they are about", () => {
    const own = { role: role("cardiology", "Cardiology", []), turn: turn(0, 10, ada) };
    expect(askedAbout(swaps, own, "ada").map(({ id }) => id)).toEqual(["asked-0", "declined-0"]);
  });
});

describe("managing", () => {
  it("is for those who run a ward or the house", () => {
    expect(mayManage(["nurse", "charge_nurse"])).toBe(true);
    expect(mayManage(["physician"])).toBe(false);
  });

  it("tells files apart", () => {
    expect(formatOf("nights.ICS", "")).toBe("icalendar");
    expect(formatOf("export", "BEGIN:VCALENDAR\r\n")).toBe("icalendar");
    expect(formatOf("nights.csv", "role,title")).toBe("csv");
  });

  it("reads the time that a field shows", () => {
    const at = new Date(2026, 7, 1, 20, 5).getTime();
    expect(fieldTime(at)).toBe("2026-08-01T20:05");
    expect(typedTime(fieldTime(at))).toBe(at);
    expect(typedTime("")).toBeNull();
  });
});
