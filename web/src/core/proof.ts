/** What a refused call wants to be proven, and how it is told. */
import type { Failure } from "./failure";
import type { Asks } from "./wire";

/** What this app can prove by. */
const KNOWN: readonly string[] = ["user_verification", "one_time_code", "smart_card"];

/** What has to be proven before the call is repeated; null where it failed for something else. */
export function asksOf({ code, problem, message }: Failure): Asks | null {
  if (code !== "step-up-required") {
    return null;
  }
  return {
    methods: texts(problem?.methods) ?? ["user_verification"],
    scopes: texts(problem?.scopes) ?? [],
    advice: texts(problem?.advice) ?? [message],
  };
}

/** What is proven once all of it is: each proof, and what it was given for. */
export function proofsOf({ methods, scopes }: Asks): string[] {
  const whatFor = [...scopes].sort().join(" ");
  return methods.map((method) => `${method} ${whatFor}`);
}

/** Whether a person can do anything about it here. */
export function provable({ methods }: Asks): boolean {
  return methods.length > 0 && methods.every((method) => KNOWN.includes(method));
}

/** Advice sentence by sentence, each once: several rules may begin with the same. */
export function sentences(advice: readonly string[]): string[] {
  const all = advice.flatMap((text) => text.split(/(?<=[.!?])\s+(?=\p{Lu})/u));
  return [...new Set(all.map((sentence) => sentence.trim()).filter(Boolean))];
}

function texts(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null;
}
