/** Notes in the order of a chart, and their texts in paragraphs. */
import type { NoteInfo, NoteLabel, NotePart } from "../core/wire";
import { t } from "../texts";

/** Of all parts that were asked for, each note once. Those of which nobody knows when they were
 * written come last. */
export function newestFirst(parts: readonly NotePart[]): NoteInfo[] {
  const all = new Map(parts.flatMap(({ notes }) => notes.map((note) => [note.id, note] as const)));
  return [...all.values()].sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** A label in the app's own words, where it has some. */
export function labelWords({ code, name }: NoteLabel): string {
  return t.notes.label[code] ?? name;
}

/** A plain text's paragraphs: what stands between empty lines. */
export function paragraphs(text: string): string[] {
  return text
    .split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean);
}
