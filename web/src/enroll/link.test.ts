import { describe, expect, it } from "vitest";
import { guessDeviceName } from "./deviceName";
import { readInvitation, tidyCode } from "./link";

describe("the invitation's link", () => {
  it("carries the code and the trust anchors", () => {
    expect(readInvitation("#/enroll?c=ABCD1234&ca=x-_&log=y&gen=z")).toEqual({
      code: "ABCD1234",
      pins: { ca: "x-_", log: "y", gen: "z" },
    });
  });

  it("has no genesis for the first officer", () => {
    expect(readInvitation("#/enroll?c=ABCD&ca=x&log=y")).toEqual({
      code: "ABCD",
      pins: { ca: "x", log: "y" },
    });
  });

  it("pins nothing when half of the anchors are missing", () => {
    expect(readInvitation("#/enroll?c=ABCD&ca=x")).toEqual({ code: "ABCD" });
  });

  it("is nothing else", () => {
    for (const hash of ["", "#/", "#/enroll", "#/enroll?ca=x", "#/c/enroll?c=ABCD"]) {
      expect(readInvitation(hash)).toBeNull();
    }
  });
});

it("takes a code however it was typed", () => {
  expect(tidyCode(" 7kq4-m2xw 9rtb\n")).toBe("7KQ4M2XW9RTB");
});

it("proposes a name for the device", () => {
  expect(guessDeviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)")).toBe("iPhone");
  expect(guessDeviceName("Mozilla/5.0 (Linux; Android 16; Pixel 10) Mobile")).toBe("Android phone");
  expect(guessDeviceName("something else")).toBe("");
});
