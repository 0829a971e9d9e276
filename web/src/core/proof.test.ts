import { describe, expect, it } from "vitest";
import { Failure } from "./failure";
import { asksOf, proofsOf, provable, sentences } from "./proof";

const refused = (extension: object) =>
  new Failure("step-up-required", "Confirm that it is you.", {
    type: "urn:wardline:problem:step-up-required",
    title: "A fresh proof is needed",
    status: 401,
    ...extension,
  });

describe("what a refusal asks for", () => {
  it("is what the problem names", () => {
    const methods = ["one_time_code", "user_verification"];
    const advice = ["You rarely sign in from here.", "Type the code."];
    const scopes = ["sensitive_notes"];
    expect(asksOf(refused({ methods, scopes, advice }))).toEqual({ methods, scopes, advice });
  });

  it("is the passkey where the problem names nothing", () => {
    expect(asksOf(refused({}))).toEqual({
      methods: ["user_verification"],
      scopes: [],
      advice: ["Confirm that it is you."],
    });
  });

  it("is nothing where the call failed for something else", () => {
    expect(asksOf(new Failure("offline", "Out of reach."))).toBeNull();
  });

  it("is proven for what it was asked for, and for nothing else", () => {
    const asks = (...scopes: string[]) => ({ methods: ["user_verification"], scopes, advice: [] });
    expect(proofsOf(asks("b", "a"))).toEqual(proofsOf(asks("a", "b")));
    expect(proofsOf(asks())).not.toEqual(proofsOf(asks("a")));
  });

  it("is only asked of a person who can do it here", () => {
    const asks = (...methods: string[]) => ({ methods, scopes: [], advice: [] });
    expect(provable(asks("user_verification", "one_time_code"))).toBe(true);
    expect(provable(asks("smart_card"))).toBe(true);
    expect(provable(asks())).toBe(false);
    expect(provable(asks("user_verification", "something_new"))).toBe(false);
  });
});

it("tells advice in short lines, each once", () => {
  expect(
    sentences([
      "You rarely sign in from here.",
      "This looks unusual. Confirm with your fingerprint.",
      "This looks unusual. Type the code; an officer hands out a card at 5.30 or later.",
    ]),
  ).toEqual([
    "You rarely sign in from here.",
    "This looks unusual.",
    "Confirm with your fingerprint.",
    "Type the code; an officer hands out a card at 5.30 or later.",
  ]);
});
