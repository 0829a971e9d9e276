/** An estimate as it is typed. */
import type { Range } from "../core/wire";

/** The numbers that were typed, or null unless they are numbers in this order, none below zero. */
export function readRange(low: string, likely: string, high: string): Range | null {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = [low, likely, high].map((typed) =>
    typed.trim() === "" ? Number.NaN : Number(typed.trim().replace(",", ".")),
  );
  return 0 <= a && a <= b && b <= c && Number.isFinite(c) ? { low: a, likely: b, high: c } : null;
}
