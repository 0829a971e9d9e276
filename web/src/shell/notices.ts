/** Short messages to the person, shown at the edge of the screen and read out. */
import { useSyncExternalStore } from "react";
import { toFailure } from "../core/failure";

export interface Notice {
  id: number;
  kind: "problem" | "done";
  text: string;
}

const SHOWN_MS = { problem: 9_000, done: 4_000 } as const;

let notices: readonly Notice[] = [];
let next = 1;
const listeners = new Set<() => void>();

export function tell(kind: Notice["kind"], text: string): void {
  const notice = { id: next, kind, text };
  next += 1;
  set([...notices.filter((other) => other.text !== text), notice]);
  setTimeout(() => dismiss(notice.id), SHOWN_MS[kind]);
}

/** Tells what went wrong; a prompt that the person closed is no news to them. */
export function tellFailure(thrown: unknown): void {
  tell("problem", toFailure(thrown).message);
}

export function dismiss(id: number): void {
  set(notices.filter((notice) => notice.id !== id));
}

/** For a screen that says it all itself, or on which nothing of it is true any more. */
export function dismissAll(): void {
  set([]);
}

export function useNotices(): readonly Notice[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => notices,
  );
}

function set(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) {
    listener();
  }
}
