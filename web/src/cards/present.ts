/**
 * The browser's part with a smart card. It shows the card while it connects (TLS), to an address of
 * the hospital that does nothing else; what is answered there says that the card was presented.
 */
import { told } from "../codes/words";
import { Failure, problemName, problemText } from "../core/failure";
import type { CardChallenge, Presented, Problem } from "../core/wire";
import { t } from "../texts";

/** Time to find the card, choose its certificate and type its PIN. */
const PATIENCE_MS = 120_000;
/** Reasons of the hospital that another card would not change. */
const NOT_OF_CARD: readonly unknown[] = ["none-taken", "origin", "too-many"];

/** Has the browser ask for the card; fails with what the person can do about it. */
export async function present({ challenge_id, url }: CardChallenge): Promise<Presented> {
  let response: Response;
  let isBarred = false;
  const bar = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
    isBarred ||= effectiveDirective === "connect-src";
  };
  document.addEventListener("securitypolicyviolation", bar);
  try {
    response = await fetch(url, {
      method: "POST",
      mode: "cors",
      // Without them a browser shows no certificate.
      credentials: "include",
      // A plain text is not asked about beforehand, which browsers do without the card.
      headers: { "content-type": "text/plain" },
      body: challenge_id,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    // Browsers tell of what the page may not connect to in a task of its own.
    await new Promise((resolve) => setTimeout(resolve));
    throw isBarred ? new Failure("card-barred", t.smartCards.barred) : unanswered(navigator.onLine);
  } finally {
    document.removeEventListener("securitypolicyviolation", bar);
  }
  return { challenge_id, answer: await answerOf(response) };
}

/** Why nothing was answered. Browsers do not say whether a card is missing or the line is down; all
 * that they tell is whether there is a network. */
export function unanswered(online: boolean): Failure {
  return online
    ? new Failure("card-unread", t.smartCards.unread)
    : new Failure("offline", t.smartCards.offline);
}

/** What the place for cards answered, or why the card is not taken. */
export async function answerOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && has(body, "answer")) {
    return body.answer;
  }
  if (has(body, "type") && has(body, "title")) {
    const problem = body as unknown as Problem;
    throw new Failure(problemName(problem), problemText(problem), problem);
  }
  throw new Failure("card-unexpected", t.smartCards.unexpected(response.status));
}

/** What is said of a card that was not taken or not shown, and how another one is chosen: browsers go
 * on with what was chosen first, be it a certificate or none. */
export function refusedWords(failure: Failure): string[] {
  const { code, problem } = failure;
  if (code === "card-refused" && problem?.why === "empty") {
    return [failure.message, t.smartCards.unasked];
  }
  const another =
    code === "card-unread" || (code === "card-refused" && !NOT_OF_CARD.includes(problem?.why));
  return another ? [told(failure), t.smartCards.another] : [told(failure)];
}

function has<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Record<string, unknown>)[key] === "string"
  );
}
