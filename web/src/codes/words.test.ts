import { describe, expect, it } from "vitest";
import { Failure } from "../core/failure";
import type { FactorInfo } from "../core/wire";
import {
  codeText,
  counts,
  groups,
  isCode,
  missing,
  shortFitting,
  told,
  waitSeconds,
} from "./words";

describe("a code that is typed", () => {
  it("may have gaps, and nothing but digits", () => {
    expect(codeText("123 456")).toBe("123 456");
    expect(codeText("123-456\u00a07x")).toBe("123 456 7");
    expect(codeText("1234567890123456")).toHaveLength(12);
  });

  it("has six to eight digits", () => {
    for (const code of ["123456", "123 456", " 1234 5678 "]) {
      expect(isCode(code)).toBe(true);
    }
    for (const text of ["", "12345", "123456789", "12345a"]) {
      expect(isCode(text)).toBe(false);
    }
  });
});

it("finds who is short of codes by name, role and department", () => {
  const of = (name: string, role: string, department: string) => ({
    user: { id: name, username: name.toLowerCase(), name, role, department },
    needed: 1,
    has: 0,
  });
  const people = [of("Mary", "Nurse", "Surgery"), of("Jonas", "Physician", "Surgery")];
  const found = (text: string) => shortFitting(people, text).map(({ user }) => user.name);
  expect(found("")).toEqual(["Mary", "Jonas"]);
  expect(found("SURG nur")).toEqual(["Mary"]);
  expect(found("jon")).toEqual(["Jonas"]);
  expect(found("nobody")).toEqual([]);
});

it("shows a secret in groups of four", () => {
  expect(groups("ABCDEFGHIJ")).toEqual(["ABCD", "EFGH", "IJ"]);
  expect(groups("")).toEqual([]);
});

describe("a person's generators", () => {
  const factor = (more: Partial<FactorInfo>): FactorInfo => ({
    factor_id: "0198c7aa-0000-7000-8000-000000000001",
    kind: "totp",
    name: "My phone",
    created_at: 1,
    ...more,
  });
  const fresh = factor({});
  const tried = factor({ confirmed_at: 2 });
  const card = factor({ serial: "7" });

  it("count once tried, or when an officer handed them over", () => {
    expect([fresh, tried, card].map(counts)).toEqual([false, true, true]);
  });

  it("are too few until so many were tried as the role needs", () => {
    expect(missing({ factors: [fresh, card], needed: 2, cards: 0 })).toBe(2);
    expect(missing({ factors: [fresh, tried, card], needed: 2, cards: 0 })).toBe(1);
    expect(missing({ factors: [tried], needed: 2, cards: 1 })).toBe(0);
    expect(missing({ factors: [tried], needed: 0, cards: 0 })).toBe(0);
  });
});

describe("a code that is refused", () => {
  const failure = (name: string, title: string, detail: string) =>
    new Failure(name, detail, { type: `urn:wardline:problem:${name}`, title, status: 403, detail });

  it("is told with what is wrong and what to do", () => {
    const used = failure("code-used", "The code was used before", "Wait for the next code.");
    expect(told(used)).toBe("The code was used before. Wait for the next code.");
    expect(told(new Failure("offline", "Out of reach."))).toBe("Out of reach.");
  });

  it("may have to wait", () => {
    const wait = failure("too-many-requests", "Too many requests", "Wait 15 seconds, then go on.");
    expect(waitSeconds(wait)).toBe(15);
    expect(waitSeconds(failure("code-wrong", "Wrong", "Type 6 digits."))).toBe(0);
  });
});
