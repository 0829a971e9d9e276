import { expect, it } from "vitest";
import type { NoteInfo, NotePart } from "../core/wire";
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

const ids = (parts: readonly NotePart[]) => newestFirst(parts).map(({ id }) => id);

it("lists the newest note first and leaves the answer as it was", () => {
  const notes = [note("undated", null), note("old", 1), note("new", 3), note("between", 2)];
  expect(ids([{ notes }])).toEqual(["new", "between", "old", "undated"]);
  expect(notes.map(({ id }) => id)).toEqual(["undated", "old", "new", "between"]);
});

it("puts older parts below, and a note that moved between them there once", () => {
  const newer = { notes: [note("new", 9), note("moved", 8), note("closed", null)], next: "closed" };
  const older = { notes: [note("moved", 3), note("old", 4), note("undated", null)], next: null };
  expect(ids([newer, older])).toEqual(["new", "old", "moved", "closed", "undated"]);
  expect(ids([])).toEqual([]);
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
