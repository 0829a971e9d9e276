import { describe, expect, it } from "vitest";
import type { RiskGroup, RiskySignIn } from "../core/wire";
import { t } from "../texts";
import {
  answersTo,
  fitting,
  groupName,
  isAskedMore,
  isUnusual,
  outcomeOf,
  percent,
  ratioWords,
  rulesOf,
  ruleWords,
  thresholdWords,
} from "./words";

const signIn = (more: Partial<RiskySignIn>): RiskySignIn => ({
  session_id: "0198c7aa-0000-7000-8000-000000000001",
  device_name: "Ward phone",
  at: 1,
  risk: 80,
  unusual: true,
  reasons: [],
  current: false,
  ...more,
});

const group = (ratio: number | null): RiskGroup => ({
  by: "role",
  name: "Nurse",
  sign_ins: 400,
  asked: 6,
  refused: 0,
  confirmed: 5,
  disowned: 1,
  asked_share: 0.015,
  ratio,
});

describe("a sign-in", () => {
  it("is open until somebody says whose it was, or a second factor shows it", () => {
    expect(outcomeOf(signIn({}))).toBe("open");
    expect(outcomeOf(signIn({ confirmed_at: 2 }))).toBe("confirmed");
    expect(outcomeOf(signIn({ confirmed_at: 2, was_me: false }))).toBe("stranger");
    expect(outcomeOf(signIn({ was_me: true }))).toBe("person");
  });

  it("is answered once, and a confirmed one only by a no", () => {
    expect(answersTo(signIn({}))).toEqual({ yes: true, no: true });
    expect(answersTo(signIn({ confirmed_at: 2 }))).toEqual({ yes: false, no: true });
    expect(answersTo(signIn({ was_me: true }))).toEqual({ yes: false, no: false });
    expect(answersTo(signIn({ was_me: false }))).toEqual({ yes: false, no: false });
  });

  it("that looked usual may have been a stranger's all the same, unless it is the one that asks", () => {
    expect(answersTo(signIn({ risk: 3, unusual: false }))).toEqual({ yes: false, no: true });
    expect(answersTo(signIn({ risk: 3, unusual: false, current: true }))).toEqual({
      yes: false,
      no: false,
    });
    expect(isUnusual(signIn({ risk: 3, unusual: false, was_me: false }))).toBe(true);
  });

  it("is found by its person and its device", () => {
    const nurse = {
      id: "0198c7aa-0000-7000-8000-000000000002",
      username: "mnakato",
      name: "Mary Nakato",
      role: "Nurse",
      department: "Respiratory Medicine",
    };
    const all = [signIn({ user: nurse }), signIn({ device_name: "Tablet" })];
    expect(fitting(all, "nakato resp")).toEqual([all[0]]);
    expect(fitting(all, "tablet")).toEqual([all[1]]);
    expect(fitting(all, " ")).toEqual(all);
    expect(fitting(all, "nobody")).toEqual([]);
  });
});

it("writes shares without calling a small one nothing", () => {
  expect(percent(0)).toBe("0\u00a0%");
  expect(percent(0.0001)).toBe(t.risk.hardly);
  expect(percent(0.004)).toBe("0.4\u00a0%");
  expect(percent(0.12)).toBe("12\u00a0%");
  expect(percent(1)).toBe("100\u00a0%");
});

it("tells a threshold as a sentence, with what it costs people or that this is not known", () => {
  expect(thresholdWords({ asks: "second", risk: 75, share_asked: 0.004 })).toBe(
    "Asks for a code from 75 on: 0.4\u00a0% of legitimate sign-ins.",
  );
  expect(thresholdWords({ asks: "deny", risk: 90 })).toContain("too few");
});

it("tells what each rule did ask, those beside the thresholds though they asked nobody yet", () => {
  const rules = rulesOf([
    { name: "risk.second", asked: 2 },
    { name: "risk.ours", asked: 1 },
    { name: "risk.off_duty_elsewhere", asked: 3 },
  ]);
  expect(rules.map(({ name, asked }) => [name, asked])).toEqual([
    ["risk.off_duty_elsewhere", 3],
    ["risk.off_duty_elsewhere_without_codes", 0],
    ["risk.ours", 1],
    ["risk.second", 2],
  ]);
  expect(rules.map((rule) => ruleWords(rule, 200))).toEqual([
    "A code, off duty on a network where the person was never seen: 1.5\u00a0% (3 sessions).",
    expect.stringContaining("for whoever has no codes: 0\u00a0%"),
    "The hospital's rule risk.ours: 0.5\u00a0% (1 session).",
    "A code, by its threshold: 1\u00a0% (2 sessions).",
  ]);
});

describe("a group", () => {
  it("is marked only where it is asked more than 1.2 times as often", () => {
    expect([1.21, 1.2, 0.4, null].map((ratio) => isAskedMore(group(ratio)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(ratioWords(group(1.52))).toBe("Asked 1.5 times as often as all others.");
  });

  it("whose share may be large by chance is said to be so", () => {
    expect(ratioWords({ ...group(1.5), ratio_95: [0.8, 2.9] })).toContain(t.risk.chance);
    expect(ratioWords({ ...group(1.5), ratio_95: [1.2, 1.9] })).not.toContain(t.risk.chance);
  });

  it("is named for people, and where it is not known this is said", () => {
    expect(groupName(group(1))).toBe("Nurse");
    expect(groupName({ ...group(1), by: "shift", name: "night" })).toBe("Night");
    expect(groupName({ ...group(1), by: "shift", name: "on_call" })).toBe("On call");
    expect(groupName({ ...group(1), by: "facility", name: "" })).toBe("Not known");
  });

  it("with too few sign-ins is told to be so", () => {
    expect(ratioWords(group(null))).toBe(t.risk.tooFew);
  });
});
