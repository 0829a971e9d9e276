/** The system's Chromium; nothing is downloaded, and it talks to nobody but the server under test. */
import type { LaunchOptions } from "@playwright/test";

export const LAUNCH: LaunchOptions = {
  executablePath: process.env.WARDLINE_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** A phone in the hand. */
export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  userAgent:
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) " +
    "Chrome/140.0.0.0 Mobile Safari/537.36",
} as const;

/** One of the smallest that are still carried. */
export const SMALL_PHONE = { ...PHONE, viewport: { width: 360, height: 640 } } as const;

/** The workstation on a ward. */
export const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 } as const;
