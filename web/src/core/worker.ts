/** The worker: keys, ciphertext, the local store and the line to the hospital live here. */
import { expose } from "comlink";
import type { CoreEvent, Status } from "./methods";
import { claim, type Ownership, takeOver } from "./ownership";
import { platform } from "./platform";
import { Socket } from "./socket";
import { Storage } from "./storage";

interface Core {
  call(method: string, params: unknown): Promise<unknown>;
}

type Emit = (event: CoreEvent) => void;

/** After these the line to the hospital is opened or closed. */
const MOVES = new Set([
  "sign_in",
  "unlock_offline",
  "lock",
  "sign_out",
  "end_all_sessions",
  "revoke_device",
]);

/** After these there may be files to upload, or to delete at the hospital. */
const TENDS = new Set(["attach", "forward", "sync", "retry", "discard", "recall", "frame"]);

/** Between two looks for what is to go by itself. */
const EXPIRY_MS = 15_000;

/** The person ends the session by these: what the line then tells of its end is no news. */
const ENDS = new Set(["sign_out", "end_all_sessions"]);

class Worker {
  #emit: Emit = () => undefined;
  #server = "";
  #core: Core | null = null;
  #storage: Storage | null = null;
  #owned: Ownership | null = null;
  #calls = new Set<Promise<unknown>>();
  #tending = false;
  #tendAgain = false;
  #expiry: ReturnType<typeof setInterval> | undefined;

  readonly #socket = new Socket({
    ticket: () => this.#ask("socket_ticket", {}) as Promise<{ url: string; ticket: string }>,
    frame: async (frame) => {
      // The core has no part in these: how it stands the hospital alone knows.
      switch (kind(frame)) {
        case "escalation":
          this.#emit({ t: "stat" });
          // One that was recalled and goes on all the same has not been withdrawn yet.
          this.#ask("deliver", {}).catch(() => undefined);
          return;
        case "care_team":
          this.#emit({ t: "care_team", group: String((frame as { group?: unknown }).group) });
          return;
        case "records":
          this.#emit({ t: "records" });
          return;
        case "risk":
          this.#emit({ t: "risk" });
          return;
        case "looks":
          this.#emit({ t: "looks" });
          return;
      }
      await this.#ask("frame", { frame });
    },
    sync: async () => {
      await this.#ask("sync", {});
    },
    changed: (state) => this.#emit({ t: "connection", state }),
  });

  /** Opens the store, unless another tab has it. */
  async start(server: string, emit: Emit): Promise<"ready" | "elsewhere"> {
    this.#server = server;
    this.#emit = emit;
    self.addEventListener("error", (event) => this.#trapped(event.error));
    self.addEventListener("unhandledrejection", (event) => this.#trapped(event.reason));
    this.#owned = await claim(() => this.#lost());
    if (!this.#owned) {
      return "elsewhere";
    }
    await this.#open();
    return "ready";
  }

  /** Takes the store from the tab that has it. */
  async takeOver(): Promise<void> {
    this.#owned = await takeOver(() => this.#lost());
    await this.#open();
  }

  async call(method: string, params: unknown): Promise<unknown> {
    if (!MOVES.has(method)) {
      return this.#ask(method, params);
    }
    if (ENDS.has(method)) {
      this.#socket.stop();
    }
    try {
      return await this.#ask(method, params);
    } finally {
      await this.#follow();
    }
  }

  /** The screen is looked at again. */
  wake(): void {
    this.#socket.hurry();
  }

  /** The page heard that the network went; not every browser tells its workers. */
  gone(): void {
    this.#socket.gone();
  }

  async #open(): Promise<void> {
    this.#storage = await Storage.open();
    const [{ default: init, WasmCore }, entries, world] = await Promise.all([
      import("./pkg/wardline_client_web.js"),
      this.#storage.entries(),
      platform(
        this.#storage,
        (event) => this.#heard(event),
        () => this.#socket.gone(),
      ),
    ]);
    await init();
    this.#core = await WasmCore.open(world, entries, this.#server);
    await this.#follow();
    // A locked store loses nothing meanwhile.
    this.#expiry = setInterval(
      () => void this.#ask("tend_expiry", {}).catch(() => undefined),
      EXPIRY_MS,
    );
  }

  #heard(event: CoreEvent): void {
    this.#emit(event);
    if (event.t === "status" || event.t === "ended") {
      void this.#follow();
    }
  }

  /** Opens the line while the store is open, closes it otherwise. */
  async #follow(): Promise<void> {
    const status = (await this.#ask("status", {})) as Status;
    if (status.stage === "open") {
      this.#socket.start();
      this.#socket.hurry();
    } else {
      this.#socket.stop();
    }
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    if (!this.#core) {
      return Promise.reject({ error: "wardline is open in another tab", code: "elsewhere" });
    }
    const call = this.#core.call(method, params);
    const tracked = call.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
    if (TENDS.has(method)) {
      tracked.then(
        () => void this.#tend(),
        () => undefined,
      );
    }
    return tracked;
  }

  /** Uploads files piece by piece, so that other calls come in between. */
  async #tend(): Promise<void> {
    this.#tendAgain = true;
    if (this.#tending) {
      return;
    }
    this.#tending = true;
    try {
      while (this.#tendAgain) {
        this.#tendAgain = false;
        let any = false;
        while (await this.#ask("tend_files", {})) {
          any = true;
        }
        if (any) {
          await this.#ask("deliver", {});
        }
      }
    } catch {
      // No line, or locked: the next sync goes on where it broke off.
    } finally {
      this.#tending = false;
    }
  }

  /** A trap leaves the core's memory in an unknown state: it is not asked again. */
  #trapped(thrown: unknown): void {
    if (!(thrown instanceof WebAssembly.RuntimeError)) {
      return;
    }
    this.#socket.stop();
    this.#core = null;
    this.#emit({ t: "broken" });
  }

  /** Another tab wants the store: finish what is under way, then write no more. */
  async #lost(): Promise<void> {
    if (!this.#core) {
      return;
    }
    this.#socket.stop();
    clearInterval(this.#expiry);
    this.#core = null;
    this.#owned = null;
    this.#emit({ t: "elsewhere" });
    await Promise.allSettled([...this.#calls]);
    this.#storage?.close();
    this.#storage = null;
  }
}

function kind(frame: unknown): unknown {
  return typeof frame === "object" && frame !== null && "t" in frame ? frame.t : null;
}

export type WorkerApi = Worker;

expose(new Worker());
