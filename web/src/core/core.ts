/** The window's side of the worker: typed calls, events, and the proof that some calls ask for. */
import { proxy, type Remote, wrap } from "comlink";
import { type Failure, toFailure } from "./failure";
import type { CoreEvent, Method, Params, Result } from "./methods";
import { provePasskey } from "./passkey";
import { scriptUrl } from "./trusted";
import type { Problem } from "./wire";
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
  return Promise.race([
    remote.start(
      location.origin,
      proxy((event: CoreEvent) => {
        for (const listener of listeners) {
          listener(event);
        }
      }),
    ),
    failed,
  ]);
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
 * Asks the core. Where the hospital wants a fresh proof for it, the passkey is asked for and the
 * call repeated, so that no screen has to know.
 */
export async function call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
  try {
    return await plain(method, params);
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== "step-up-required") {
      throw failure;
    }
    await proveOnce(failure);
    return await plain(method, params).catch((again: unknown) => {
      throw toFailure(again);
    });
  }
}

/** Asks the person before a passkey prompt that no tap of theirs has caused. */
type Consent = (problem: Problem | undefined) => Promise<void>;
let consent: Consent = () => Promise.resolve();

export function askConsentBy(ask: Consent): void {
  consent = ask;
}

let proving: Promise<void> | undefined;

/** Several calls that are refused together share one prompt. */
function proveOnce(failure: Failure): Promise<void> {
  proving ??= prove(failure).finally(() => {
    proving = undefined;
  });
  return proving;
}

async function prove(failure: Failure): Promise<void> {
  try {
    if (!navigator.userActivation?.isActive) {
      await consent(failure.problem);
    }
    const { request } = await plain("step_up_challenge", {});
    const { credential } = await provePasskey(request, null);
    await plain("step_up", { credential });
  } catch (thrown) {
    throw toFailure(thrown);
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
