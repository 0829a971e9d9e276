/** A hospital on its first day: keys, an empty database, and one officer with a code. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Person } from "./hospital.ts";
import { answers, freePort, run, Service } from "./process.ts";

export class Founding {
  readonly url: string;
  readonly officer: Person;
  readonly #folder: string;
  readonly #service: Service;

  private constructor(url: string, officer: Person, folder: string, service: Service) {
    this.url = url;
    this.officer = officer;
    this.#folder = folder;
    this.#service = service;
  }

  /** `more` is written below the configuration. */
  static async open(more: readonly string[] = []): Promise<Founding> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-e2e-"));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const config = join(folder, "wardline.toml");
    const lines = [
      "[hospital]",
      'name = "Harbour Clinic"',
      "[server]",
      `http = "127.0.0.1:${port}"`,
      'https = ""',
      `origins = ["${url}"]`,
      // Stories say where a request comes from.
      "[network]",
      'proxies = ["127.0.0.1/32", "::1/128"]',
      "[data]",
      `dir = "${join(folder, "data")}"`,
      ...more,
    ];
    await writeFile(config, `${lines.join("\n")}\n`);
    const name = "Ngozi Eneh";
    const made = (await run("init", "--config", config, "--name", name)) as {
      link: string;
      typed_code: string;
    };
    const service = new Service(["serve", "--config", config]);
    const officer = {
      user: "officer",
      name,
      role: "Enrolling officer",
      enroll_url: made.link,
      enroll_code: made.typed_code,
    };
    const founding = new Founding(url, officer, folder, service);
    await answers(url, service);
    return founding;
  }

  async close(): Promise<void> {
    await this.#service.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
