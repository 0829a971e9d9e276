/** Lists of the hospital's token cards: which are shown, and how a file of them is written. */
import type { TokenImport, TokenInfo } from "../core/wire";

export interface Filter {
  text: string;
  /** Whether somebody has it; null for both. */
  held: boolean | null;
}

/** Cards that fit the text, whoever has them: what the counts are of. */
export function fitting(tokens: readonly TokenInfo[], text: string): TokenInfo[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return tokens.filter(({ serial, maker, model, user }) => {
    const all = [serial, maker, model, user?.name, user?.username, user?.department]
      .filter(Boolean)
      .join("\n")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

export function inHands(tokens: readonly TokenInfo[], held: Filter["held"]): TokenInfo[] {
  return held === null ? [...tokens] : tokens.filter(({ user }) => Boolean(user) === held);
}

/** A container is XML, everything else a table; names of files mislead. */
export function formatOf(text: string): TokenImport["format"] {
  return /^\uFEFF?\s*</.test(text) ? "pskc" : "csv";
}
