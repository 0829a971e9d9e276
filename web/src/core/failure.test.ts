import { describe, expect, it } from "vitest";
import { Failure, toFailure } from "./failure";

describe("what a person reads when something fails", () => {
  it("is the problem's detail, under the problem's name", () => {
    const problem = {
      type: "urn:wardline:problem:step-up-required",
      title: "Proof needed",
      status: 401,
      detail: "Confirm with your passkey.",
    };
    const failure = toFailure({ problem });
    expect(failure.code).toBe("step-up-required");
    expect(failure.message).toBe("Confirm with your passkey.");
    expect(failure.problem).toBe(problem);
  });

  it("falls back on the problem's title", () => {
    const failure = toFailure({
      problem: { type: "urn:wardline:problem:denied", title: "Refused", status: 403 },
    });
    expect(failure.message).toBe("Refused");
  });

  it("makes a sentence of the core's own errors", () => {
    const failure = toFailure({ error: "locked; unlock with your passkey first", code: "locked" });
    expect(failure.code).toBe("locked");
    expect(failure.message).toBe("Locked; unlock with your passkey first.");
  });

  it("knows a passkey prompt that was closed", () => {
    expect(toFailure(new DOMException("", "NotAllowedError")).code).toBe("passkey-cancelled");
  });

  it("passes on what is a failure already, and survives anything else", () => {
    const failure = new Failure("offline", "No connection.");
    expect(toFailure(failure)).toBe(failure);
    expect(toFailure(undefined).code).toBe("unknown");
    expect(toFailure({ problem: "no" }).code).toBe("unknown");
  });
});
