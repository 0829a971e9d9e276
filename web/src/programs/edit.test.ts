import { expect, it } from "vitest";
import type { Program } from "../core/wire";
import { blank, draftOf, draftRule, termsOf } from "./edit";
import { KINDS } from "./words";

const PROGRAM: Program = {
  slug: "byod",
  title: "Own phone",
  summary: "A person's own phone.",
  ownership: "personal",
  platforms: [],
  enrolment: {
    path: "self_service",
    approval: "own_device",
    attestation: "none",
    authenticators: [],
    privacy_notice: true,
  },
  limits: { lock_seconds: 300, offline_hours: 8, attachments: false, wipe: "app" },
  rules: [
    {
      id: "os_supported",
      check: { kind: "os_floor", floors: { android: "13" } },
      accept: ["claimed"],
      platforms: [],
      max_age_days: null,
      grace_days: 14,
      unknown: "allow",
    },
  ],
};

it("gives back the terms that nobody changed, whatever kinds of rules they have", () => {
  const rules = KINDS.map((kind) => blank(kind, []));
  const program = { ...PROGRAM, rules };
  expect(termsOf(program, draftOf(program))).toEqual({ terms: program });
});

it("leaves a rule out that is switched off", () => {
  const draft = draftOf(PROGRAM);
  const rules = draft.rules.map((rule) => ({ ...rule, on: false }));
  expect(termsOf(PROGRAM, { ...draft, rules })).toEqual({ terms: { ...PROGRAM, rules: [] } });
});

it("says what is wrong where a number is none, or too large", () => {
  const draft = draftOf(PROGRAM);
  expect(termsOf(PROGRAM, { ...draft, lock_seconds: "5 min" })).toEqual({
    wrong: "The app locks after: a whole number from 15 to 3600.",
  });
  expect(termsOf(PROGRAM, { ...draft, offline_hours: "73" })).toHaveProperty("wrong");
});

it("wants somebody's word, and an oldest version", () => {
  const [rule] = draftOf(PROGRAM).rules;
  const changed = (more: object) =>
    termsOf(PROGRAM, { ...draftOf(PROGRAM), rules: rule ? [{ ...rule, ...more }] : [] });
  expect(changed({ accept: [] })).toHaveProperty("wrong");
  expect(changed({ floors: { android: " " } })).toHaveProperty("wrong");
  expect(changed({ floors: { android: "15", ios: "" } })).toHaveProperty("terms");
});

it("gives a second rule of a kind an id of its own", () => {
  expect(blank("patched", []).id).toBe("patched");
  expect(blank("patched", [{ id: "patched" }]).id).toBe("patched_2");
  expect(draftRule(blank("seen", [])).days).toBe("30");
});
