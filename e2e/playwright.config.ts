/** One browser, one story after another: the machine of a contributor has two cores. */
import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./support/browser.ts";

export default defineConfig({
  testDir: "stories",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: LAUNCH,
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    trace: "retain-on-failure",
  },
});
