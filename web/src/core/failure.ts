/** Why a call to the core failed, told so that a screen can say what to do next. */
import { t } from "../texts";
import type { Problem } from "./wire";

const PREFIX = "urn:wardline:problem:";

export class Failure extends Error {
  /** The problem's name, or the core's own code such as `offline`. */
  readonly code: string;
  readonly problem: Problem | undefined;

  constructor(code: string, message: string, problem?: Problem) {
    super(message);
    this.name = "Failure";
    this.code = code;
    this.problem = problem;
  }
}

/** The last part of the problem's type. */
export function problemName(problem: Problem): string {
  return problem.type.startsWith(PREFIX) ? problem.type.slice(PREFIX.length) : problem.type;
}

/** What a problem says to the person who reads it. */
export function problemText(problem: Problem): string {
  return problem.detail ?? problem.title;
}

/** Whatever was thrown, as a `Failure`. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) {
    return thrown;
  }
  if (isObject(thrown)) {
    if (isProblem(thrown.problem)) {
      const { problem } = thrown;
      return new Failure(problemName(problem), problemText(problem), problem);
    }
    if (typeof thrown.error === "string") {
      const code = typeof thrown.code === "string" ? thrown.code : "unknown";
      return new Failure(code, sentence(thrown.error));
    }
  }
  if (thrown instanceof DOMException || thrown instanceof Error) {
    if (thrown.name === "NotAllowedError") {
      return new Failure("passkey-cancelled", t.failure.passkeyCancelled);
    }
    if (thrown.name === "InvalidStateError") {
      return new Failure("passkey-exists", t.failure.passkeyExists);
    }
    return new Failure(thrown.name, t.failure.unexpected(thrown.name));
  }
  return new Failure("unknown", t.failure.unexpected("unknown"));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && typeof value.type === "string" && typeof value.title === "string";
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
