import { expect, it } from "vitest";
import { lineCount, linesOf, rangeAt } from "./position";

const TEXT = '@id("bad")\nforbid (principal, action, resource)\nwhen { prinzipal };\n';

const selected = (text: string, line: number, column: number) => {
  const { start, end } = rangeAt(text, { line, column });
  return text.slice(start, end);
};

it("selects the word that a place is at", () => {
  expect(selected(TEXT, 1, 2)).toBe("id");
  expect(selected(TEXT, 2, 1)).toBe("forbid");
  expect(selected(TEXT, 3, 8)).toBe("prinzipal");
});

it("selects one character where there is no word", () => {
  expect(selected(TEXT, 1, 1)).toBe("@");
  expect(selected(TEXT, 3, 6)).toBe("{");
});

it("counts columns in characters, also those that a field counts twice", () => {
  const text = "// 🩺 é\nwhen";
  expect(selected(text, 1, 4)).toBe("🩺");
  expect(selected(text, 1, 6)).toBe("é");
  expect(rangeAt(text, { line: 1, column: 6 })).toEqual({ start: 6, end: 7 });
});

it("stays within the line and the text", () => {
  expect(rangeAt("ab\ncd", { line: 1, column: 99 })).toEqual({ start: 2, end: 2 });
  expect(rangeAt("ab\ncd", { line: 2, column: 99 })).toEqual({ start: 5, end: 5 });
  expect(rangeAt("ab\ncd", { line: 99, column: 1 })).toEqual({ start: 5, end: 5 });
  expect(rangeAt("ab", { line: 1, column: 0 })).toEqual({ start: 0, end: 2 });
  expect(rangeAt("", { line: 1, column: 1 })).toEqual({ start: 0, end: 0 });
});

it("counts lines as an editor numbers them", () => {
  expect(lineCount("")).toBe(1);
  expect(lineCount("a\nb\n")).toBe(3);
});

it("marks the lines of one file only", () => {
  const at = (file: string, line: number) => ({ file, line, column: 1, message: "" });
  const problems = [at("people.cedar", 3), at("people.cedar", 3), at("risk.cedar", 9)];
  expect([...linesOf(problems, "people.cedar")]).toEqual([3]);
});
