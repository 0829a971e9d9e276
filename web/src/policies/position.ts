/** Places in a text as the hospital tells them, and as an editor selects them. */
import type { PolicyProblem } from "../core/wire";

/** Line and column from 1, the column in characters. */
export type Place = Pick<PolicyProblem, "line" | "column">;

/**
 * What to select for a place: from it to the end of the word, as offsets in UTF-16 like those of a
 * field. Past the end of the line it is the end of the line, past the end of the text the text's.
 */
export function rangeAt(text: string, { line, column }: Place): { start: number; end: number } {
  let lineStart = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf("\n", lineStart);
    if (end < 0) {
      return { start: text.length, end: text.length };
    }
    lineStart = end + 1;
  }
  const lineEnd = text.indexOf("\n", lineStart);
  const characters = [...text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd)];
  const before = characters.slice(0, Math.max(0, column - 1)).join("");
  const rest = characters.slice(Math.max(0, column - 1)).join("");
  const word = /^[\p{L}\p{N}_]+|^./u.exec(rest)?.[0] ?? "";
  const start = lineStart + before.length;
  return { start, end: start + word.length };
}

export function lineCount(text: string): number {
  return text.split("\n").length;
}

/** The lines of a file that something is said of. */
export function linesOf(problems: readonly PolicyProblem[], file: string): ReadonlySet<number> {
  return new Set(problems.filter((each) => each.file === file).map(({ line }) => line));
}
