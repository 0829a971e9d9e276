import { expect, test } from "vitest";
import { inWords } from "./words";

test("what carries a file says so, with and without words", () => {
  expect(inWords({ text: "K 6.8", attachment: null })).toBe("K 6.8");
  expect(inWords({ text: "", attachment: "photo" })).toBe("Photo");
  expect(inWords({ text: "Wound, day 3", attachment: "photo" })).toBe("Photo: Wound, day 3");
  expect(inWords({ text: "", attachment: "voice" })).toBe("Voice note");
});

test("what leads to a chart says so, and nothing that stands in it", () => {
  const reference = "p1/Observation/k1/value";
  expect(inWords({ text: "", reference })).toBe("From the chart");
  expect(inWords({ text: "Rising", reference })).toBe("From the chart: Rising");
});
