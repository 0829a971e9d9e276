/** Names in a text: `@username` of people in the conversation. */
import type { PersonBrief } from "../core/wire";

export interface Span {
  /** Where it begins in the text. */
  at: number;
  text: string;
  /** Whom it names. */
  person?: PersonBrief;
}

/** The text in parts; those that name one of the `people` are marked. */
export function spans(text: string, people: readonly PersonBrief[]): Span[] {
  const parts: Span[] = [];
  let end = 0;
  const keep = (until: number) => {
    if (until > end) {
      parts.push({ at: end, text: text.slice(end, until) });
    }
  };
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const person = at < end ? undefined : people.find(({ username }) => names(text, at, username));
    if (person) {
      keep(at);
      end = at + 1 + person.username.length;
      parts.push({ at, text: text.slice(at, end), person });
    }
  }
  keep(text.length);
  return parts;
}

/** The name that is being typed at the end of `before`, without its `@`; null when none is. */
export function typed(before: string): string | null {
  return /(?:^|[^\p{L}\p{N}])@([\p{L}\p{N}._-]*)$/u.exec(before)?.[1] ?? null;
}

/** Those whom a typed name may mean, by username or by any of their names. */
export function meant(people: readonly PersonBrief[], name: string): readonly PersonBrief[] {
  const wanted = fold(name);
  return people.filter(({ username, name: full }) =>
    [username, ...full.split(/\s+/)].some((each) => fold(each).startsWith(wanted)),
  );
}

/** Whole, not as a part of a longer name or an address: as the core counts it. */
function names(text: string, at: number, username: string): boolean {
  if (!text.startsWith(username, at + 1)) {
    return false;
  }
  const after = text.slice(at + 1 + username.length);
  return !/[\p{L}\p{N}]$/u.test(text.slice(0, at)) && !/^[._-]?[\p{L}\p{N}]/u.test(after);
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
