import { expect, it } from "vitest";
import type { Program, Rule } from "../core/wire";
import { blank } from "./edit";
import {
  checkWords,
  consequenceWords,
  enrolmentWords,
  formatsOf,
  KINDS,
  platformWords,
  sourceWords,
} from "./words";

const rule = (more: Partial<Rule>): Rule => ({
  id: "patched",
  check: { kind: "patched" },
  accept: ["attested", "managed"],
  platforms: [],
  max_age_days: null,
  grace_days: 14,
  unknown: "allow",
  ...more,
});

it("says what a rule asks for", () => {
  expect(checkWords({ kind: "os_floor", floors: { android: "14", ios: "18" } })).toBe(
    "The system is at least Android 14 or iOS 18",
  );
  expect(checkWords({ kind: "screen_lock", max_seconds: 300 })).toBe(
    "The screen locks after at most 5 minutes",
  );
  expect(checkWords({ kind: "seen", days: 1 })).toBe("It was used within 1 day");
});

it("has words for every kind of rule", () => {
  for (const kind of KINDS) {
    expect(checkWords(blank(kind, []).check).length).toBeGreaterThan(5);
  }
});

it("says whose word counts, in the order of their strength", () => {
  expect(sourceWords(rule({ max_age_days: 30 }))).toBe(
    "Counts when a device manager or its hardware says so and that is at most 30 days old.",
  );
  expect(sourceWords(rule({ accept: [] }))).toBe("");
});

it("says what follows", () => {
  expect(consequenceWords(rule({ grace_days: 0, unknown: "count" }))).toBe(
    "A device that does not meet it is shut out at once. Where nothing is known, it counts as not met.",
  );
  expect(platformWords(rule({ platforms: ["ios", "ipados"] }))).toBe("on iOS and iPadOS only");
});

it("offers a device manager only what the program's devices can take", () => {
  const program = (ownership: Program["ownership"], platforms: string[]) =>
    formatsOf({ ownership, platforms } as Program);
  expect(program("personal", [])).toEqual([]);
  expect(program("hospital", [])).toEqual(["mobileconfig", "android", "qr"]);
  expect(program("shared", ["ipados"])).toEqual(["mobileconfig"]);
  expect(program("hospital", ["windows", "linux"])).toEqual([]);
});

it("says how old the list of revoked keys may be, where that is in the terms", () => {
  const enrolment: Program["enrolment"] = {
    path: "invited",
    approval: "officer",
    attestation: "key",
    authenticators: [],
    privacy_notice: false,
  };
  const words = (days?: number) =>
    enrolmentWords({
      enrolment: { ...enrolment, revocations_days: days ?? null },
      platforms: [],
    } as unknown as Program).filter((line) => line.includes("revoked"));
  expect(words()).toEqual([]);
  expect(words(1)).toEqual([
    "A phone's hardware is believed only while the list of revoked keys is at most 1 day old.",
  ]);
});
