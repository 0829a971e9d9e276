import { expect, it } from "vitest";
import type { PersonAnswer, PolicyAnswer, PolicyVersion, ReplayChange } from "../core/wire";
import { byAnswer, byOutcome, historyWords, sameFiles, shortHash, waitingOf } from "./words";

const NOW = new Date(2026, 10, 29, 12, 0).getTime();
const HOUR = 60 * 60 * 1000;

const user = (name: string) => ({
  id: name,
  username: name.toLowerCase(),
  name,
  role: "Nurse",
  department: "Surgery",
});

const version = (change: Partial<PolicyVersion>): PolicyVersion => ({
  version: 4,
  hash: "9f".repeat(32),
  state: "draft",
  author: user("Viktor"),
  created_at: NOW - 4 * HOUR,
  summary: "",
  effective_at: null,
  approved_by: null,
  approved_at: null,
  ...change,
});

it("tells who drafted and approved a version, and from when on it decides", () => {
  expect(historyWords(version({}), NOW)).toEqual(["Drafted by Viktor, 08:00"]);
  const approved = { approved_by: user("Ada"), approved_at: NOW - 3 * HOUR };
  expect(
    historyWords(version({ ...approved, state: "approved", effective_at: NOW + HOUR }), NOW),
  ).toEqual(["Drafted by Viktor, 08:00", "Approved by Ada, 09:00", "Takes effect 13:00"]);
  expect(
    historyWords(version({ ...approved, state: "active", effective_at: NOW - 2 * HOUR }), NOW),
  ).toEqual(["Drafted by Viktor, 08:00", "Approved by Ada, 09:00", "Took effect 10:00"]);
  expect(historyWords(version({ version: 0, author: null, state: "replaced" }), NOW)).toEqual([
    "The baseline that ships with Wardline",
  ]);
});

it("never says that what was withdrawn takes effect", () => {
  expect(historyWords(version({ state: "withdrawn", effective_at: NOW + HOUR }), NOW)).toEqual([
    "Drafted by Viktor, 08:00",
  ]);
});

it("knows the version for which all others have to wait", () => {
  const draft = version({ version: 9 });
  const active = version({ version: 3, state: "active", effective_at: NOW - HOUR });
  expect(waitingOf([draft, active])).toBeNull();
  const later = version({ version: 6, state: "approved", effective_at: NOW + 2 * HOUR });
  const sooner = version({ version: 5, state: "approved", effective_at: NOW + HOUR });
  expect(waitingOf([draft, later, sooner, active])).toBe(sooner);
});

it("tells who withdrew what others had drafted and approved", () => {
  const approved = { approved_by: user("Ada"), approved_at: NOW - 3 * HOUR };
  const withdrawn = { state: "withdrawn", withdrawn_at: NOW - HOUR } as const;
  expect(
    historyWords(version({ ...approved, ...withdrawn, withdrawn_by: user("Noor") }), NOW),
  ).toEqual(["Drafted by Viktor, 08:00", "Approved by Ada, 09:00", "Withdrawn by Noor, 11:00"]);
  expect(historyWords(version(withdrawn), NOW)).toEqual([
    "Drafted by Viktor, 08:00",
    "Withdrawn by the server's console, 11:00",
  ]);
});

it("shortens a hash to what people compare", () => {
  expect(shortHash("0123456789abcdef")).toBe("0123456789ab");
});

it("knows texts again, also when only a name differs", () => {
  const file = (name: string, text: string) => ({ name, text });
  expect(sameFiles([file("a", "x")], [file("a", "x")])).toBe(true);
  expect(sameFiles([file("a", "x")], [file("a", "y")])).toBe(false);
  expect(sameFiles([file("a", "x")], [file("b", "x")])).toBe(false);
});

it("tells of refusals before proofs, and of what is frequent before what is rare", () => {
  const change = (now: PolicyAnswer, count: number): ReplayChange => ({
    action: "chart.read",
    was: "allow",
    now,
    count,
    people: 1,
    policies: [],
    advice: [],
    examples: [],
  });
  const groups = byOutcome([change("step_up", 9), change("deny", 1), change("deny", 5)]);
  expect(groups.map(({ now, changes }) => [now, changes.map(({ count }) => count)])).toEqual([
    ["deny", [5, 1]],
    ["step_up", [9]],
  ]);
});

it("puts people together whom policies answer alike, with the reason", () => {
  const answer = (name: string, change: Partial<PersonAnswer>): PersonAnswer => ({
    user: user(name),
    answer: "deny",
    methods: [],
    why: [],
    policies: [],
    ...change,
  });
  const groups = byAnswer([
    answer("Mary", { answer: "deny", why: ["Only the care team can."] }),
    answer("Zoe", { answer: "allow" }),
    answer("Abel", { answer: "step_up", methods: ["user_verification"], why: ["Restricted."] }),
    answer("Ben", { answer: "deny", why: ["Your account is not active."] }),
    answer("Ann", { answer: "deny", why: ["Only the care team can."] }),
  ]);
  expect(
    groups.map(({ answer: said, count, alike }) => [
      said,
      count,
      alike.map(({ why, people }) => [why, people.map(({ name }) => name)]),
    ]),
  ).toEqual([
    ["allow", 1, [["Without another proof.", ["Zoe"]]]],
    ["step_up", 1, [["With a fresh fingerprint. Restricted.", ["Abel"]]]],
    [
      "deny",
      3,
      [
        ["Only the care team can.", ["Ann", "Mary"]],
        ["Your account is not active.", ["Ben"]],
      ],
    ],
  ]);
});
