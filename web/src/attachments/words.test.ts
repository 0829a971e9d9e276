import { expect, test } from "vitest";
import { inWords } from "./words";

test("what carries a file says so, with and without words", () => {
  expect(inWords("K 6.8", null)).toBe("K 6.8");
  expect(inWords("", "photo")).toBe("Photo");
  expect(inWords("Wound, day 3", "photo")).toBe("Photo: Wound, day 3");
  expect(inWords("", "voice")).toBe("Voice note");
});
