import { expect, it } from "vitest";
import { isOfAnother, referenceText, toReference } from "./reference";

const LAB = { patient: "p1", kind: "Observation", id: "k-1.a", view: "trend" } as const;

it("is read as it is written", () => {
  expect(referenceText(LAB)).toBe("p1/Observation/k-1.a/trend");
  expect(toReference(referenceText(LAB))).toEqual(LAB);
});

it("is none where this version does not know what is meant", () => {
  for (const text of [
    "",
    "p1/Observation/k1",
    "p1/Basic/k1/value",
    "p1/Observation/k1/movie",
    "p1/Observation/../value",
    "p1/Observation/k?x/value",
  ]) {
    expect(toReference(text)).toBeNull();
  }
});

it("is of another patient only where the conversation is about one", () => {
  expect(isOfAnother(LAB, "p1")).toBe(false);
  expect(isOfAnother(LAB, null)).toBe(false);
  expect(isOfAnother(LAB, "p2")).toBe(true);
});
