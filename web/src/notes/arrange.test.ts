import { expect, it } from "vitest";
import type { NoteInfo } from "../core/wire";
import { labelWords, newestFirst, paragraphs } from "./arrange";

const note = (id: string, at: number | null): NoteInfo => ({
  id,
  title: "Progress note",
  kind: "Progress note",
  author: null,
  at,
  labels: [],
  readable: "yes",
  why: null,
});

it("lists the newest note first and leaves the answer as it was", () => {
  const notes = [note("undated", null), note("old", 1), note("new", 3), note("between", 2)];
  expect(newestFirst(notes).map(({ id }) => id)).toEqual(["new", "between", "old", "undated"]);
  expect(notes.map(({ id }) => id)).toEqual(["undated", "old", "new", "between"]);
});

it("says in words what a label means, also one that it does not know", () => {
  expect(labelWords({ code: "ETH", name: "ETH" })).toBe("Substance use (42 CFR Part 2)");
  expect(labelWords({ code: "SDV", name: "Sexual assault or domestic violence" })).toBe(
    "Sexual assault or domestic violence",
  );
});

it("parts a text where lines are empty, whatever ends them", () => {
  expect(
    paragraphs("Slept well.\nNo pain.\n\nPlan: go on.\r\n\r\n \t\r\nCall the family.\n"),
  ).toEqual(["Slept well.\nNo pain.", "Plan: go on.", "Call the family."]);
  expect(paragraphs("  \n\n ")).toEqual([]);
});
