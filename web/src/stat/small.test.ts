import { describe, expect, it } from "vitest";
import { together } from "./small";

describe("which cards are a bar", () => {
  it("are those from before and those that came", () => {
    const put = new Set(["g.1"]);
    expect([...together(put, ["g.2", "g.1"])]).toEqual(["g.1", "g.2"]);
  });

  it("are the very same where nothing came", () => {
    const put = new Set(["g.1"]);
    expect(together(put, ["g.1"])).toBe(put);
    expect(together(put, [""])).toBe(put);
  });
});
