/** A clock for a hospital and its people's browsers, which a story moves on: a night, and the noon after. */
import { execFile } from "node:child_process";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What the tests of the binary move its clock with; whoever has Rust has a compiler for it. */
const SOURCE = join(import.meta.dirname, "../../crates/wardline/tests/it/past.c");
const LIBRARY = "clock.so";
const FILE = "behind";

export class Clock {
  /** What a process needs to live by this clock. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #file: FileHandle;

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
    this.env = { LD_PRELOAD: join(folder, LIBRARY), CLOCK_FILE: join(folder, FILE) };
  }

  static async at(time: Date): Promise<Clock> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-clock-"));
    await promisify(execFile)("cc", ["-shared", "-fPIC", "-o", join(folder, LIBRARY), SOURCE]);
    const clock = new Clock(folder, await open(join(folder, FILE), "w"));
    await clock.set(time);
    return clock;
  }

  /** It is this time now, for whoever lives by this clock. */
  async set(time: Date): Promise<void> {
    const behind = Buffer.alloc(8);
    behind.writeBigInt64LE(BigInt(Math.round((Date.now() - time.getTime()) / 1000)));
    // In its place: whoever lives by it has the file mapped.
    await this.#file.write(behind, 0, behind.length, 0);
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
