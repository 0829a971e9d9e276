/** The hospital's record system: Medplum's FHIR server behind oidc-provider, which `scripts/setup.sh test`
 * installs. What it is told and says are lines of JSON (`crates/server/tests/fhir/server.mjs`). */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { run } from "./process.ts";

const ROOT = join(import.meta.dirname, "../..");
const INSTALLED = join(ROOT, "target/tools/ehr");

const EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30";
const AUTHORITY = `req -x509 ${EC} -keyout ca.key -out ca.pem -subj /CN=Records`;
const SERVER =
  `req -x509 ${EC} -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=localhost ` +
  "-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";

export class RecordSystem {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #base: string;

  private constructor(
    folder: string,
    process: ChildProcess,
    lines: AsyncIterator<string>,
    base: string,
  ) {
    this.#folder = folder;
    this.#process = process;
    this.#lines = lines;
    this.#base = base;
  }

  /** One that knows nobody, at which Wardline is registered. */
  static async open(): Promise<RecordSystem> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-records-"));
    for (const words of [AUTHORITY, SERVER]) {
      await promisify(execFile)("openssl", words.split(" "), { cwd: folder });
    }
    // Node looks for packages where the program lies.
    const program = join(INSTALLED, "server.mjs");
    await copyFile(join(ROOT, "crates/server/tests/fhir/server.mjs"), program);
    const served = spawn("node", [program, "server.pem", "server.key"], {
      cwd: folder,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: served.stdout })[Symbol.asyncIterator]();
    const { base } = await next(lines);
    const system = new RecordSystem(folder, served, lines, String(base));
    const jwks = await run("ehr", "keys", "--new", join(folder, "key.pem"));
    await system.tell({ client: { jwks } });
    return system;
  }

  /** Below a hospital's configuration: charts are copied from it. */
  get config(): string[] {
    return [
      "[ehr]",
      `url = "${this.#base}"`,
      'client_id = "wardline"',
      `key_files = ["${join(this.#folder, "key.pem")}"]`,
      `ca = "${join(this.#folder, "ca.pem")}"`,
      "fresh_seconds = 5",
      "wait_ms = 10000",
    ];
  }

  async tell(command: object): Promise<void> {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
    const { error } = await next(this.#lines);
    if (error) {
      throw new Error(`the record system: ${error}`);
    }
  }

  async close(): Promise<void> {
    this.#process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function next(lines: AsyncIterator<string>): Promise<Record<string, unknown>> {
  const { value, done } = await lines.next();
  if (done) {
    throw new Error("the record system ended; what it says stands above");
  }
  return JSON.parse(value);
}
