import { describe, expect, it } from "vitest";
import { t } from ".";

describe("texts with a number", () => {
  it("agree with it", () => {
    expect(t.device.moreRules(1)).toBe("1 rule that it meets or that does not count");
    expect(t.device.moreRules(3)).toBe("3 rules that it meets or that do not count");
  });
});

describe("what a device manager is asked for", () => {
  it("is a check-in, and no update is promised", () => {
    expect(t.device.updateHint).toContain("check in");
    expect(t.device.updateHint).toContain("update policies");
    expect(t.device.askedFor.sync).toContain("Check in");
  });
});
