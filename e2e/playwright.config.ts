/** Two stories at a time: each has a hospital of its own, and the machine of a contributor two cores.
 * Patience is long, since it costs nothing where all is well and slow machines are no defect. */
import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./support/browser.ts";

export default defineConfig({
  testDir: "stories",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 480_000,
  expect: { timeout: 90_000 },
  reporter: [["list"], ["./support/last.ts"]],
  use: {
    browserName: "chromium",
    launchOptions: LAUNCH,
    actionTimeout: 90_000,
    navigationTimeout: 90_000,
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false },
  },
});
