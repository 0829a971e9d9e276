/**
 * What the screen remembers of a conversation while the page lives: the place in it, and the words
 * not sent yet. On the disk only the core keeps them, sealed; it gets the words as they come to rest.
 */
import { call } from "../core/core";
import type { Draft, Form } from "../core/methods";

/** How long nothing is typed until the words are written down. */
const REST_MS = 400;

export interface Place {
  top: number;
  atEnd: boolean;
  limit: number;
}

export const places = new Map<string, Place>();
export const drafts = new Map<string, Draft>();
/** The form with which a conversation is to be opened. */
let wanted: { group: string; kind: Form["kind"] } | null = null;
const resting = new Map<string, ReturnType<typeof setTimeout>>();

/** Remembers what is being written, and hands it to the core once it comes to rest. */
export function keepDraft(group: string, draft: Draft): void {
  drafts.set(group, draft);
  clearTimeout(resting.get(group));
  const write = () => {
    resting.delete(group);
    // A store that was locked meanwhile has what came before.
    call("keep_draft", { group, ...draft }).catch(() => undefined);
  };
  resting.set(group, setTimeout(write, draft.text === "" ? 0 : REST_MS));
}

/** Has a conversation open with a form to fill in. */
export function wantForm(group: string, kind: Form["kind"]): void {
  wanted = { group, kind };
}

/** The form with which a conversation is to be opened. */
export function wantedForm(group: string): Form["kind"] | null {
  return wanted?.group === group ? wanted.kind : null;
}

/** It is open. */
export function formOpened(): void {
  wanted = null;
}

/** When the store is locked nothing of it stays behind. */
export function forgetAll(): void {
  places.clear();
  drafts.clear();
  wanted = null;
  resting.forEach(clearTimeout);
  resting.clear();
}
