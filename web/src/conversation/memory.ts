/**
 * What the screen remembers of a conversation while the page lives: the place in it, and the words
 * not sent yet. Never on disk: the store there is the core's, and sealed.
 */
import type { Priority } from "../core/wire";

export interface Place {
  top: number;
  atEnd: boolean;
  limit: number;
}

export interface Draft {
  text: string;
  priority: Priority;
}

export const places = new Map<string, Place>();
export const drafts = new Map<string, Draft>();

/** When the store is locked nothing of it stays behind. */
export function forgetAll(): void {
  places.clear();
  drafts.clear();
}
