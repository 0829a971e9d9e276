import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../core/failure";
import { t } from "../texts";
import { answerOf, present, refusedWords, unanswered } from "./present";

const CHALLENGE = {
  challenge_id: "0198c7aa-0000-7000-8000-000000000001",
  expires_at: 1_800_000_000_000,
};

/** An address that answers so by itself. */
const answers = (body: string) => `data:application/json,${encodeURIComponent(body)}`;

const refused = (status: number, name: string, detail: string, why?: string) =>
  Response.json(
    {
      type: `urn:wardline:problem:${name}`,
      title: "The card is not accepted",
      status,
      detail,
      why,
    },
    { status },
  );

async function failureOf(attempt: Promise<unknown>): Promise<Failure> {
  const thrown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (thrown instanceof Failure) {
    return thrown;
  }
  throw new Error("it did not fail as it should");
}

describe("a card that is presented", () => {
  const page = new EventTarget();
  beforeEach(() => {
    vi.stubGlobal("document", page);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("brings the answer to the challenge", async () => {
    const shown = await present({ ...CHALLENGE, url: answers('{"answer":"c2lnbmVk"}') });
    expect(shown).toEqual({ challenge_id: CHALLENGE.challenge_id, answer: "c2lnbmVk" });
  });

  it("is told to be missing where nothing answers, unless there is no network", () => {
    expect(refusedWords(unanswered(true))).toEqual([t.smartCards.unread, t.smartCards.another]);
    expect(refusedWords(unanswered(false))).toEqual([t.smartCards.offline]);
  });

  it("is not told to be missing where the page may not connect to its address", async () => {
    vi.stubGlobal("fetch", () => {
      const barred = new Event("securitypolicyviolation");
      setTimeout(() => {
        page.dispatchEvent(Object.assign(barred, { effectiveDirective: "connect-src" }));
      });
      return Promise.reject(new TypeError("Failed to fetch"));
    });
    const failure = await failureOf(
      present({ ...CHALLENGE, url: "https://cards.example/v1/card" }),
    );
    expect(refusedWords(failure)).toEqual([t.smartCards.barred]);
  });

  it("is refused in the hospital's words, with the way to another one", async () => {
    const failure = await failureOf(
      answerOf(refused(403, "card-refused", "It has expired. Ask for a new one.", "expired")),
    );
    expect(failure.code).toBe("card-refused");
    expect(refusedWords(failure)).toEqual([
      "The card is not accepted. It has expired. Ask for a new one.",
      t.smartCards.another,
    ]);
  });

  it("is asked for in the hospital's words where none was shown", async () => {
    const failure = await failureOf(
      answerOf(refused(403, "card-refused", "No card was presented. Put it in.", "empty")),
    );
    expect(refusedWords(failure)).toEqual([
      "No card was presented. Put it in.",
      t.smartCards.unasked,
    ]);
  });

  it("is not at fault for a challenge that is over, or for its person having too many", async () => {
    for (const response of [
      refused(410, "challenge-over", "Begin again."),
      refused(403, "card-refused", "Begin again.", "too-many"),
    ]) {
      const failure = await failureOf(answerOf(response));
      expect(refusedWords(failure)).toEqual(["The card is not accepted. Begin again."]);
    }
  });

  it("is not taken for read where something else answered", async () => {
    for (const response of [
      new Response("<!doctype html>", { status: 502 }),
      Response.json({}),
      Response.json({ answer: 1 }),
    ]) {
      const failure = await failureOf(answerOf(response));
      expect(failure.code).toBe("card-unexpected");
      expect(refusedWords(failure)).toEqual([t.smartCards.unexpected(response.status)]);
    }
  });
});
