import { expect, it } from "vitest";
import { nextTab } from "./tabs";

it("goes round from tab to tab, and to both ends", () => {
  expect(nextTab("ArrowRight", 1, 3)).toBe(2);
  expect(nextTab("ArrowRight", 2, 3)).toBe(0);
  expect(nextTab("ArrowLeft", 0, 3)).toBe(2);
  expect(nextTab("Home", 2, 3)).toBe(0);
  expect(nextTab("End", 0, 3)).toBe(2);
});

it("leaves all other keys to the page", () => {
  expect(nextTab("Tab", 0, 3)).toBeNull();
  expect(nextTab("a", 0, 3)).toBeNull();
});
