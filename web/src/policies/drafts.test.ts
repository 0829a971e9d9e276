import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { draftOf, draftsOf, dropDraft, hasDrafts, keepDraft } from "./drafts";

const DRAFT = { files: [{ name: "people.cedar", text: "// mine" }], summary: "Why" };

beforeEach(() => {
  vi.stubGlobal("window", new EventTarget());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Whether the browser would ask before it loads the page anew. */
function asks(): boolean {
  const leaving = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(leaving);
  return leaving.defaultPrevented;
}

it("asks before the page goes, as long as something is not proposed", () => {
  expect(asks()).toBe(false);
  keepDraft("viktor", 3, DRAFT);
  keepDraft("viktor", 4, DRAFT);
  expect(asks()).toBe(true);
  dropDraft("viktor", 3);
  expect([hasDrafts(), asks()]).toEqual([true, true]);
  dropDraft("viktor", 4);
  expect([hasDrafts(), asks()]).toEqual([false, false]);
});

it("shows a draft to nobody but who made it", () => {
  keepDraft("viktor", 3, DRAFT);
  keepDraft("viktor", 12, DRAFT);
  expect(draftOf("viktor", 3)).toEqual(DRAFT);
  expect(draftsOf("viktor")).toEqual([12, 3]);
  expect(draftOf("ada", 3)).toBeUndefined();
  expect(draftsOf("ada")).toEqual([]);
  dropDraft("ada", 3);
  expect(draftOf("viktor", 3)).toEqual(DRAFT);
  dropDraft("viktor", 3);
  dropDraft("viktor", 12);
});
