/**
 * What the browser tells of the device: platform, system version and model.
 *
 * Browsers freeze parts of the user agent so that it says the same on every device. A frozen value
 * is no fact and is left out: a device is judged by what is known of it, not by what a browser
 * pretends.
 */
import { call } from "./core";
import type { Assessment, Told } from "./wire";

/** What is looked at. */
export interface Browser {
  userAgent: string;
  maxTouchPoints: number;
  /** High entropy values of the User-Agent Client Hints, where the browser has them. */
  hints?: Hints | undefined;
}

export interface Hints {
  platform?: string | undefined;
  platformVersion?: string | undefined;
  model?: string | undefined;
}

interface HintingNavigator {
  userAgentData?: { getHighEntropyValues(names: string[]): Promise<Hints> };
}

/** Told anew after this long, since facts lose their worth with age. */
const TOLD_FOR_MS = 24 * 60 * 60 * 1000;

let told: { text: string; at: number } | undefined;

/** Tells the hospital what this browser knows; what it then makes of the device. */
export async function report(): Promise<Assessment> {
  const facts = claims(await thisBrowser());
  const assessment = await call("report", { facts });
  told = { text: JSON.stringify(facts), at: Date.now() };
  return assessment;
}

/** The same after a sign-in, unless the same was told lately. */
export async function reportChanged(): Promise<void> {
  const text = JSON.stringify(claims(await thisBrowser()));
  if (told?.text !== text || Date.now() - told.at > TOLD_FOR_MS) {
    await report();
  }
}

async function thisBrowser(): Promise<Browser> {
  const { userAgentData } = navigator as HintingNavigator;
  const hints = await userAgentData
    ?.getHighEntropyValues(["platformVersion", "model"])
    // Refused by a permissions policy: the user agent is left.
    .catch(() => undefined);
  return { userAgent: navigator.userAgent, maxTouchPoints: navigator.maxTouchPoints, hints };
}

/** The facts that can be believed to be meant. */
export function claims(browser: Browser): Told[] {
  const found = known(browser);
  return (["platform", "os_version", "model"] as const).flatMap((name) => {
    const value = found[name]?.trim();
    return value ? [{ name, value: value.slice(0, 120) }] : [];
  });
}

/** The hints first; what they leave out may stand in the user agent. */
function known(browser: Browser): Found {
  const agent = parsed(browser);
  const hints = hinted(browser.hints);
  if (!hints) {
    return agent;
  }
  return hints.platform === agent.platform
    ? { ...hints, model: hints.model || agent.model }
    : hints;
}

interface Found {
  platform?: string | undefined;
  os_version?: string | undefined;
  model?: string | undefined;
}

const HINTED: Readonly<Record<string, string>> = {
  Android: "android",
  "Chrome OS": "chromeos",
  "Chromium OS": "chromeos",
  iOS: "ios",
  Linux: "linux",
  macOS: "macos",
  Windows: "windows",
};

function hinted(hints: Hints | undefined): Found | null {
  const platform = HINTED[hints?.platform ?? ""];
  if (!platform) {
    return null;
  }
  const version = hints?.platformVersion ?? "";
  return {
    platform,
    os_version: platform === "windows" ? windows(version) : tidy(version),
    model: hints?.model === "K" ? undefined : hints?.model,
  };
}

/** `15.0.0` is `15`; without a number that counts there is no version. */
function tidy(version: string): string | undefined {
  const short = version.replace(/(\.0+)+$/, "");
  return /^[1-9]/.test(short) ? short : undefined;
}

/** The hint counts releases of the platform's contracts: from 13 on it is Windows 11. */
function windows(version: string): string | undefined {
  const major = Number(version.split(".")[0]);
  if (!(major >= 1)) {
    return undefined;
  }
  return major >= 13 ? "11" : "10";
}

function parsed({ userAgent, maxTouchPoints }: Browser): Found {
  const apple = /\((iPhone|iPad|iPod)[^)]*? OS (\d+)[._](\d+)/.exec(userAgent);
  if (apple) {
    const [, kind = "", major = "", minor = ""] = apple;
    return {
      platform: kind === "iPad" ? "ipados" : "ios",
      os_version: frozenApple(userAgent, Number(major), Number(minor))
        ? undefined
        : `${major}.${minor}`,
    };
  }
  const android = /Android (\d+(?:\.\d+)*)(?:; ([^;)]+))?/.exec(userAgent);
  if (android) {
    const [, version, model = ""] = android;
    if (model === "K") {
      return { platform: "android" };
    }
    return {
      platform: "android",
      os_version: version,
      // Firefox names the kind of device where others name the model.
      model: /^(Mobile|Tablet)$|^rv:/.test(model) ? undefined : model.replace(/ Build\/.*$/, ""),
    };
  }
  if (userAgent.includes("Macintosh")) {
    // An iPad asks for the pages of a Mac by default; no Mac has a touch screen.
    return { platform: maxTouchPoints > 1 ? "ipados" : "macos" };
  }
  if (userAgent.includes("Windows NT")) {
    return { platform: "windows" };
  }
  if (userAgent.includes("CrOS")) {
    return { platform: "chromeos" };
  }
  return userAgent.includes("Linux") ? { platform: "linux" } : {};
}

/**
 * From version 26 on Apple's browsers say 18.6 or 18.7 for the system, whatever it is; Safari that
 * still says 18 for itself means it.
 */
function frozenApple(userAgent: string, major: number, minor: number): boolean {
  const safari = /Version\/(\d+)/.exec(userAgent)?.[1];
  return major === 18 && minor >= 6 && safari !== "18";
}
