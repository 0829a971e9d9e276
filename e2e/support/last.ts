/** Says last, in few lines, what failed and why: who has only the end of a log can act on it. */
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

const LINES = 10;

export default class Last implements Reporter {
  readonly #failed: string[] = [];

  onTestEnd(test: TestCase, { errors, status }: TestResult): void {
    if (status === test.expectedStatus) {
      return;
    }
    this.#failed.push(`${test.title}: ${status}`);
    for (const { message, location } of errors) {
      const said = stripVTControlCharacters(message ?? "no message").split("\n");
      this.#failed.push(...said.filter((line) => line.trim() !== "").slice(0, LINES));
      if (location) {
        this.#failed.push(`  at ${relative(process.cwd(), location.file)}:${location.line}`);
      }
    }
  }

  onEnd(): void {
    if (this.#failed.length > 0) {
      process.stdout.write(`\nWhat failed:\n${this.#failed.join("\n")}\n`);
    }
  }

  printsToStdio(): boolean {
    return true;
  }
}
