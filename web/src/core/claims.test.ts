import { describe, expect, it } from "vitest";
import { type Browser, claims } from "./claims";

const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/199.0.0.0";

function facts(userAgent: string, more: Partial<Browser> = {}): Record<string, unknown> {
  const told = claims({ userAgent, maxTouchPoints: 0, ...more });
  return Object.fromEntries(told.map(({ name, value }) => [name, value]));
}

describe("what a browser with client hints tells", () => {
  const old = `Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Mobile Safari/537.36`;

  it("is the hints, not the frozen user agent", () => {
    const hints = { platform: "Android", platformVersion: "16.0.0", model: "Pixel 42" };
    expect(facts(old, { hints })).toEqual({
      platform: "android",
      os_version: "16",
      model: "Pixel 42",
    });
  });

  it("keeps the parts of a version that count", () => {
    const hints = { platform: "macOS", platformVersion: "26.1.0", model: "" };
    expect(facts(old, { hints })).toEqual({ platform: "macos", os_version: "26.1" });
  });

  it("tells Windows 11 from 10, and nothing of older ones", () => {
    const version = (platformVersion: string) =>
      facts(old, { hints: { platform: "Windows", platformVersion } }).os_version;
    expect(version("19.0.0")).toBe("11");
    expect(version("10.0.0")).toBe("10");
    expect(version("0.3.0")).toBeUndefined();
  });

  it("has no version where the hint is empty", () => {
    const hints = { platform: "Linux", platformVersion: "", model: "" };
    expect(facts(old, { hints })).toEqual({ platform: "linux" });
  });

  it("falls back to the user agent where the hints name no platform", () => {
    expect(facts(old, { hints: { platform: "Unknown" } })).toEqual({ platform: "android" });
  });
});

describe("what a user agent tells", () => {
  it("leaves Chrome's frozen Android out", () => {
    expect(facts(`Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Mobile Safari/537.36`)).toEqual({
      platform: "android",
    });
  });

  it("reads an Android that is not frozen", () => {
    const agent = `Mozilla/5.0 (Linux; Android 15; SM-X999B Build/AP3A.1; wv) ${BLINK} Mobile`;
    expect(facts(agent)).toEqual({ platform: "android", os_version: "15", model: "SM-X999B" });
  });

  it("reads Firefox on Android, which names no model", () => {
    expect(facts("Mozilla/5.0 (Android 15; Mobile; rv:199.0) Gecko/199.0 Firefox/199.0")).toEqual({
      platform: "android",
      os_version: "15",
    });
  });

  it("believes iOS before the freeze", () => {
    const phone = (version: string, rest: string) =>
      facts(`Mozilla/5.0 (iPhone; CPU iPhone OS ${version} like Mac OS X) ${WEBKIT} ${rest}`);
    expect(phone("17_4", "Version/17.4 Mobile/15E148 Safari/604.1")).toEqual({
      platform: "ios",
      os_version: "17.4",
    });
    expect(phone("18_6", "Version/18.6 Mobile/15E148 Safari/604.1").os_version).toBe("18.6");
    expect(phone("18_3_2", "Mobile/15E148").os_version).toBe("18.3");
  });

  it("leaves the frozen iOS out, in Safari and in an app on the home screen", () => {
    const phone = (rest: string) =>
      facts(`Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} ${rest}`);
    expect(phone("Version/26.0 Mobile/15E148 Safari/604.1")).toEqual({ platform: "ios" });
    expect(phone("Mobile/15E148")).toEqual({ platform: "ios" });
    expect(phone("CriOS/199.0 Mobile/15E148 Safari/604.1")).toEqual({ platform: "ios" });
  });

  it("tells an iPad from a Mac by its touch screen, and the version of neither", () => {
    const agent = `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/26.0 Safari/605`;
    expect(facts(agent, { maxTouchPoints: 5 })).toEqual({ platform: "ipados" });
    expect(facts(agent)).toEqual({ platform: "macos" });
  });

  it("knows workstations by their platform alone", () => {
    expect(facts(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK}`)).toEqual({
      platform: "windows",
    });
    expect(facts(`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK}`)).toEqual({
      platform: "chromeos",
    });
    expect(facts(`Mozilla/5.0 (X11; Linux x86_64) ${BLINK}`)).toEqual({ platform: "linux" });
  });

  it("is nothing where there is nothing to read", () => {
    expect(facts("")).toEqual({});
    expect(facts("curl/8.0")).toEqual({});
  });
});
