import { describe, expect, it } from "vitest";
import { decode, encode } from "./b64";

describe("base64url", () => {
  it("encodes the vectors of RFC 4648 §10 without padding", () => {
    const vectors = ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"];
    vectors.forEach((text, length) => {
      const bytes = new TextEncoder().encode("foobar".slice(0, length));
      expect(encode(bytes)).toBe(text);
      expect(decode(text)).toEqual(bytes);
    });
  });

  it("uses the alphabet that is safe in addresses", () => {
    const bytes = new Uint8Array([0xfb, 0xff, 0xfe]);
    expect(encode(bytes)).toBe("-__-");
    expect(decode("-__-")).toEqual(bytes);
  });

  it("refuses what is not base64url", () => {
    expect(() => decode("a+b/")).toThrow(TypeError);
    expect(() => decode("a b")).toThrow(TypeError);
  });
});
