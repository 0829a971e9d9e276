/**
 * Drafts of policies that are not proposed yet, while the page lives: never on disk. They hold
 * nothing about a patient and outlive the lock, since an officer reads elsewhere for longer than
 * the app stays open; only who made one sees it again.
 */
import type { PolicyFile } from "../core/wire";

export interface PolicyDraft {
  files: readonly PolicyFile[];
  summary: string;
}

/** By person and by the version that each began with. */
const drafts = new Map<string, Map<number, PolicyDraft>>();

export function draftOf(user: string, version: number): PolicyDraft | undefined {
  return drafts.get(user)?.get(version);
}

/** The versions that a person's drafts began with, the newest first. */
export function draftsOf(user: string): number[] {
  return [...(drafts.get(user)?.keys() ?? [])].sort((a, b) => b - a);
}

export function keepDraft(user: string, version: number, draft: PolicyDraft): void {
  const own = drafts.get(user) ?? new Map<number, PolicyDraft>();
  drafts.set(user, own.set(version, draft));
  window.addEventListener("beforeunload", askToStay);
}

export function dropDraft(user: string, version: number): void {
  const own = drafts.get(user);
  own?.delete(version);
  if (own?.size === 0) {
    drafts.delete(user);
  }
  if (!hasDrafts()) {
    window.removeEventListener("beforeunload", askToStay);
  }
}

/** Whether loading the app anew would lose something. */
export function hasDrafts(): boolean {
  return drafts.size > 0;
}

/** The browser asks in its own words. */
function askToStay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
