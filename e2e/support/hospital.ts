/** A demo hospital over a fresh folder, as the contract in the design describes it. */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Clock } from "./clock.ts";
import { answers, BINARY, Service } from "./process.ts";

/** With conversations to be played, on a busy machine. */
const START_MS = 120_000;

export interface Person {
  user: string;
  name: string;
  role: string;
  enroll_url: string;
  enroll_code: string;
}

interface Ready {
  ready: true;
  url: string;
  /** Where what is not the app is, such as the feed of HL7. */
  services: Readonly<Record<string, string>>;
  people: Person[];
}

export class Hospital {
  readonly url: string;
  readonly folder: string;
  readonly services: Readonly<Record<string, string>>;
  #service: Service;
  #keeper: Service | undefined;
  readonly #people: Person[];
  readonly #clock: Clock | undefined;

  private constructor(ready: Ready, folder: string, service: Service, clock?: Clock) {
    this.url = ready.url;
    this.services = ready.services;
    this.folder = folder;
    this.#people = ready.people;
    this.#service = service;
    this.#clock = clock;
  }

  /** `options` are further ones of `wardline demo`; it lives by `clock`, or else by the machine's. */
  static async open(options: readonly string[] = [], clock?: Clock): Promise<Hospital> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-e2e-"));
    const service = new Service(
      ["demo", "--data", folder, "--listen", "127.0.0.1:0", ...options],
      clock?.env,
    );
    try {
      const told = await ready(service.process);
      const page = await fetch(told.url);
      if (!page.ok) {
        throw new Error(`it serves no app: ${await page.text()}`);
      }
      return new Hospital(told, folder, service, clock);
    } catch (error) {
      await service.stop();
      throw new Error(`${BINARY} demo did not become ready: ${error}\n${service.log}`);
    }
  }

  /** Goes on as a hospital that is served by its configuration, at the same address and with what it
   * has; `more` is written below. */
  async serve(more: readonly string[]): Promise<void> {
    await this.#service.stop();
    const config = join(this.folder, "wardline.toml");
    const lines = [
      "[server]",
      `http = "127.0.0.1:${new URL(this.url).port}"`,
      'https = ""',
      `origins = ["${this.url}"]`,
      "[data]",
      `dir = "${this.folder}"`,
      ...more,
    ];
    await writeFile(config, `${lines.join("\n")}\n`);
    this.#service = new Service(["serve", "--config", config], this.#clock?.env);
    await answers(this.url, this.#service);
  }

  /** Runs the record keeper of a hospital that is served by its configuration, as a process of its own;
   * `options` are further ones of `wardline keeper`. */
  async keep(...options: readonly string[]): Promise<void> {
    this.#keeper = new Service(["keeper", "--home", join(this.folder, "keeper"), ...options]);
    try {
      await ready(this.#keeper.process);
    } catch (error) {
      throw new Error(`${BINARY} keeper did not become ready: ${error}\n${this.#keeper.log}`);
    }
  }

  nurse(): Person {
    return this.person(({ role }) => role === "Nurse");
  }

  doctor(): Person {
    return this.person(({ role }) => /ologist$|^Intensivist|^Hospitalist|^Surgeon/.test(role));
  }

  /** Somebody who has no device yet; each person is handed out once. */
  person(wanted: (person: Person) => boolean = () => true): Person {
    const index = this.#people.findIndex(wanted);
    const [person] = index >= 0 ? this.#people.splice(index, 1) : [];
    if (!person) {
      throw new Error("the demo hospital has nobody left for this story");
    }
    return person;
  }

  async close(): Promise<void> {
    await this.#keeper?.stop();
    await this.#service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The one line that says that it is ready; a hospital's says where everything is. */
function ready(process: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no answer in time")), START_MS);
    const end = (act: () => void) => {
      clearTimeout(late);
      act();
    };
    process.once("error", (error) => end(() => reject(error)));
    process.once("exit", (code) => end(() => reject(new Error(`ended with code ${code}`))));
    if (!process.stdout) {
      return;
    }
    createInterface({ input: process.stdout }).on("line", (line) => {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null && "ready" in value) {
        end(() => resolve(value as Ready));
      }
    });
  });
}
