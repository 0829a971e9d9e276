/** The real binary. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const BINARY = resolve(
  process.env.WARDLINE_BIN ?? join(import.meta.dirname, "../../target/debug/wardline"),
);
const STOP_MS = 10_000;
const START_MS = 120_000;
const ASK_MS = 100;

/** A verb that ends: its one JSON document. A failure carries what it said. */
export async function run(...words: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(BINARY, [...words, "--json"]);
  return JSON.parse(stdout);
}

/** A verb that stays, with the end of its log for failures. */
export class Service {
  readonly process: ChildProcess;
  readonly #log: string[] = [];

  /** `env` is beside what this process has. */
  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.process = spawn(BINARY, [...words, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.#log.push(chunk.toString());
      this.#log.splice(0, Math.max(0, this.#log.length - 200));
    });
  }

  get log(): string {
    return this.#log.join("");
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) {
      return;
    }
    const gone = once(this.process, "exit");
    this.process.kill("SIGTERM");
    const late = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(late);
  }
}

/** Waits until a hospital at this address is ready; ends its service where it does not become so. */
export async function answers(url: string, service: Service): Promise<void> {
  const end = Date.now() + START_MS;
  while (Date.now() < end && service.process.exitCode === null) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  await service.stop();
  throw new Error(`the server did not become ready\n${service.log}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) {
    throw new Error("no port is free");
  }
  return address.port;
}
