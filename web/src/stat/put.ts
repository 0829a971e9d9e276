/** Which failures this person has seen, for as long as this window lives. Ids, and nothing of a message. */

const NAME = "stat-seen";

export function seen(): ReadonlySet<string> {
  return new Set(sessionStorage.getItem(NAME)?.split(" ") ?? []);
}

export function putAway(id: string): void {
  sessionStorage.setItem(NAME, [...seen(), id].join(" "));
}
