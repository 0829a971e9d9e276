/** Measurements in a real browser, one at a time; `make bench` runs them, see bench/src/browser.rs. */
import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./support/browser.ts";

export default defineConfig({
  testDir: "measure",
  outputDir: "test-results",
  workers: 1,
  retries: 0,
  timeout: 1_200_000,
  expect: { timeout: 180_000 },
  reporter: [["line"]],
  use: {
    browserName: "chromium",
    launchOptions: LAUNCH,
    actionTimeout: 180_000,
    navigationTimeout: 180_000,
  },
});
