/** The window's side of the worker: typed calls, events, and the proofs that some calls ask for. */
import { proxy, type Remote, wrap } from "comlink";
import { present as presentAt } from "../cards/present";
import { toFailure } from "./failure";
import type { CoreEvent, Method, Params, Result } from "./methods";
import { provePasskey } from "./passkey";
import { asksOf, proofsOf, provable } from "./proof";
import { scriptUrl } from "./trusted";
import type { Asks, CardChallenge, CardList, FactorInfo, FactorList } from "./wire";
import type { WorkerApi } from "./worker";
import workerUrl from "./worker?worker&url";

type Listener = (event: CoreEvent) => void;

const listeners = new Set<Listener>();
let worker: Remote<WorkerApi> | undefined;

/** Starts the worker; `elsewhere` when another tab has the store. */
export function start(): Promise<"ready" | "elsewhere"> {
  const thread = new Worker(scriptUrl(workerUrl), { type: "module", name: "wardline" });
  const remote = wrap<WorkerApi>(thread);
  worker = remote;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      void remote.wake();
    }
  });
  window.addEventListener("online", () => void remote.wake());
  window.addEventListener("offline", () => void remote.gone());
  const failed = new Promise<never>((_, reject) => {
    thread.addEventListener("error", (event) => reject(new Error(event.message)));
  });
  return Promise.race([remote.start(location.origin, proxy(tell)), failed]);
}

/** Takes the store from the tab that has it. */
export async function takeOver(): Promise<void> {
  await running().takeOver();
}

/** Hears what the worker tells; returns how to stop. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Asks the core. Where the hospital wants a fresh proof for it, the person is asked for that and
 * the call repeated, so that no screen has to know.
 */
export async function call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  const given = new Set<string>();
  for (;;) {
    try {
      return await plain(method, params);
    } catch (thrown) {
      const failure = toFailure(thrown);
      const asks = asksOf(failure);
      if (!asks || !provable(asks) || proofsOf(asks).every((proof) => given.has(proof))) {
        throw failure;
      }
      for (const proof of await proveOnce(asks)) {
        given.add(proof);
      }
    }
  }
}

/** Asks the core, and nobody for a proof: for what no tap has caused. */
export function callUnasked<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  return plain(method, params);
}

/** Gives the proofs that are asked for, without a call that wants them. */
export async function proveFor(asks: Asks): Promise<void> {
  await proveOnce(asks);
}

/** Asks the person before a passkey prompt that no tap of theirs has caused. */
type Consent = (advice: readonly string[]) => Promise<void>;
let consent: Consent = () => Promise.resolve();

export function askConsentBy(ask: Consent): void {
  consent = ask;
}

/** What the person is asked for a one-time code, or for a smart card, with. */
export interface CodeQuestion {
  /** Why, and what to do, in sentences. */
  advice: readonly string[];
  /** Whether they have just shown their passkey for the same. */
  second: boolean;
  /** Whether nothing but a smart card does. */
  card: boolean;
  /** The generators that they have. */
  factors(): Promise<readonly FactorInfo[]>;
  /** Has the hospital look at a code; fails where it is not right. */
  attempt(code: string): Promise<void>;
  /** Their smart cards, any of which does for a code, too. */
  cards(): Promise<CardList>;
  /** Has the browser present one; fails where it is not taken. */
  present(): Promise<void>;
}

/** Settles once an attempt was right, and fails when the person gives up. */
type AskCode = (question: CodeQuestion) => Promise<void>;
let askCode: AskCode = () => Promise.reject(new DOMException("nobody asks", "NotAllowedError"));

export function askCodeBy(ask: AskCode): void {
  askCode = ask;
}

let proving: Promise<readonly string[]> | undefined;

/** Calls that are refused together share one prompt; tells what was proven. */
function proveOnce(asks: Asks): Promise<readonly string[]> {
  proving ??= prove(asks).finally(() => {
    proving = undefined;
  });
  return proving;
}

async function prove(asks: Asks): Promise<readonly string[]> {
  const { methods, scopes, advice } = asks;
  try {
    const passkey = methods.includes("user_verification");
    if (passkey) {
      if (!navigator.userActivation?.isActive) {
        await consent(advice);
      }
      const { request } = await plain("step_up_challenge", { scopes });
      const { credential } = await provePasskey(request, null);
      await plain("step_up", { credential });
    }
    const card = methods.includes("smart_card");
    if (card || methods.includes("one_time_code")) {
      const present = presentCard;
      await askCode({ advice, second: passkey, card, factors, attempt, cards, present });
    }
  } catch (thrown) {
    throw toFailure(thrown);
  }
  tell({ t: "proven" });
  return proofsOf(asks);
}

// All without `call`: a proof that waited for a proof would wait for ever.

async function factors(): Promise<readonly FactorInfo[]> {
  const list = await plain("api", { method: "GET", path: "/v1/factors" });
  return (list as FactorList).factors;
}

async function attempt(code: string): Promise<void> {
  await plain("api", { method: "POST", path: "/v1/sessions/step-up/code", body: { code } });
}

async function cards(): Promise<CardList> {
  return (await plain("api", { method: "GET", path: "/v1/cards" })) as CardList;
}

async function presentCard(): Promise<void> {
  const asked = await plain("api", { method: "POST", path: "/v1/cards/challenge", body: {} });
  const body = await presentAt(asked as CardChallenge);
  await plain("api", { method: "POST", path: "/v1/sessions/step-up/card", body });
}

function tell(event: CoreEvent): void {
  for (const listener of listeners) {
    listener(event);
  }
}

async function plain<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  return (await running().call(method, params)) as Result<M>;
}

function running(): Remote<WorkerApi> {
  if (!worker) {
    throw new Error("the worker is not started");
  }
  return worker;
}
