/** Names that are easily taken for one another, of patients whom this person has to do with. */
import type { PatientBanner } from "../core/wire";

type Named = Pick<PatientBanner, "id" | "name">;

/** Shorter parts of names are words, too. */
const SHORTEST = 4;

interface Parts {
  family: string;
  given: string;
}

/**
 * Whether two patients' names are alike: both halves the same or a slip of the pen apart, the given
 * names at least beginning alike where the families are the same, or the halves exchanged. Two whose
 * family name alone is the same are not: in a long list that would warn of everybody.
 */
export function alike(a: Named, b: Named): boolean {
  if (a.id === b.id) {
    return false;
  }
  const one = parts(a.name);
  const other = parts(b.name);
  if (!one.family || !other.family) {
    return false;
  }
  if (one.family === other.given && one.given === other.family) {
    return true;
  }
  if (one.family === other.family) {
    return initial(one) === initial(other) || near(one.given, other.given);
  }
  return near(one.family, other.family) && near(one.given, other.given);
}

/** Of the others those with a name like this one. */
export function likenesses<P extends Named>(patient: Named, others: readonly P[]): P[] {
  const found = others.filter((other) => alike(patient, other));
  return [...new Map(found.map((each) => [each.id, each])).values()];
}

/**
 * The other patient whom a text about this one names; null where it names nobody's. It names one by the family
 * name; by both names where they share that with this one; or, where theirs is easily taken for this one's, by
 * any part that tells the two apart. What is also a name of this patient, or of somebody `written` to, says
 * nothing.
 */
export function otherNamed<P extends Named>(
  text: string,
  about: Named,
  others: readonly P[],
  written: readonly string[],
): P | null {
  const said = new Set(words(text));
  const theirs = new Set([about.name, ...written].flatMap(words));
  const tells = (word: string) => said.has(word) && !theirs.has(word);
  const names = (other: P) => {
    const [family = "", given = ""] = other.name.split(",");
    const last = words(family);
    const first = words(given).slice(0, 1);
    const whole = [...last, ...first];
    return (
      (last.length > 0 && last.every((word) => word.length >= SHORTEST && tells(word))) ||
      (first.length > 0 && whole.every((word) => said.has(word)) && whole.some(tells)) ||
      (alike(about, other) && whole.some((word) => word.length >= SHORTEST && tells(word)))
    );
  };
  return others.find((other) => other.id !== about.id && names(other)) ?? null;
}

/** `Family, Given`. */
function parts(name: string): Parts {
  const [family = "", given = ""] = name.split(",");
  return { family: words(family).join(""), given: words(given)[0] ?? "" };
}

function words(text: string): string[] {
  return fold(text)
    .split(/[^\p{L}]+/u)
    .filter(Boolean);
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function initial({ given }: Parts): string {
  return given.slice(0, 1);
}

/** The same, or a slip apart; two in long names. */
function near(a: string, b: string): boolean {
  const longest = Math.max(a.length, b.length);
  return distance(a, b) <= (longest >= 8 ? 2 : longest >= SHORTEST ? 1 : 0);
}

/** Letters to change, to add, to leave out, or to exchange with the next one (Damerau and Levenshtein). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(before, j - 2) + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], place: number): number {
  return row[place] ?? Number.POSITIVE_INFINITY;
}
