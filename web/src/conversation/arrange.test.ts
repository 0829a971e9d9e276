import { describe, expect, it } from "vitest";
import type { MessageView } from "../core/methods";
import { arrange, firstFresh, lastFromOthers, pressing, reaching } from "./arrange";

const NOON = new Date(2026, 2, 14, 12, 0).getTime();
const MINUTE = 60_000;
const person = (id: string) => ({ id, username: id, name: id, role: "", department: "" });

let count = 0;
function message(from: string, at: number, more: Partial<MessageView> = {}): MessageView {
  count += 1;
  return {
    id: `m${count}`,
    seq: count,
    from: person(from),
    mine: from === "me",
    text: "text",
    priority: "routine",
    sent_at: at,
    state: "read",
    newest_seq: count,
    edited_at: null,
    earlier: [],
    late_edit: false,
    recalled: false,
    recalled_at: null,
    recalled_after: [],
    reactions: [],
    mentions: [],
    mentions_me: false,
    form: null,
    forwarded: null,
    expires: null,
    expires_at: null,
    expired: false,
    waiting: [],
    ...more,
  };
}

describe("a conversation on the screen", () => {
  it("is divided by days of the calendar", () => {
    const days = arrange(
      [
        message("a", new Date(2026, 2, 13, 23, 59).getTime()),
        message("a", new Date(2026, 2, 14, 0, 1).getTime()),
        message("a", NOON),
      ],
      null,
    );
    expect(days.map(({ lines }) => lines.length)).toEqual([1, 2]);
  });

  it("puts what one person wrote at one time together", () => {
    const [day] = arrange(
      [
        message("a", NOON),
        message("a", NOON + MINUTE),
        message("b", NOON + 2 * MINUTE),
        message("b", NOON + 30 * MINUTE),
      ],
      null,
    );
    const runs = day?.lines.map((line) =>
      line.kind === "message" ? [line.first, line.last] : line.kind,
    );
    expect(runs).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  it("marks where the new messages begin, and breaks the run there", () => {
    const messages = [
      message("a", NOON),
      message("a", NOON + MINUTE),
      message("me", NOON + 2 * MINUTE),
      message("a", NOON + 3 * MINUTE),
    ];
    const fresh = firstFresh(messages, 2);
    expect(fresh).toBe(messages[1]?.id);
    const [day] = arrange(messages, fresh);
    expect(day?.lines.map(({ kind }) => kind)).toEqual([
      "message",
      "fresh",
      "message",
      "message",
      "message",
    ]);
    expect(day?.lines[0]).toMatchObject({ last: true });
    expect(day?.lines[2]).toMatchObject({ first: true });
  });

  it("keeps notices out of the runs and out of the count of new messages", () => {
    const messages = [
      message("a", NOON),
      message("a", NOON + MINUTE, { notice: "person_added", notice_text: "b was added" }),
      message("a", NOON + 2 * MINUTE),
    ];
    expect(firstFresh(messages, 1)).toBe(messages[2]?.id);
    const [day] = arrange(messages, null);
    expect(day?.lines[0]).toMatchObject({ first: true, last: true });
    expect(day?.lines[1]).toMatchObject({ kind: "notice" });
  });

  it("counts no recalled message as a new one", () => {
    const messages = [
      message("a", NOON),
      message("a", NOON + MINUTE),
      message("a", NOON + 2 * MINUTE, { recalled: true, text: "" }),
    ];
    expect(firstFresh(messages, 1)).toBe(messages[1]?.id);
  });

  it("has nothing new when all is read", () => {
    expect(firstFresh([message("a", NOON)], 0)).toBeNull();
    expect(firstFresh([], 3)).toBeNull();
  });
});

describe("what asks for an answer", () => {
  it("is urgent, of somebody else, and not answered or recalled", () => {
    const urgent = message("a", NOON, { priority: "urgent" });
    const routine = message("a", NOON + MINUTE);
    const open = () => false;
    expect(pressing([urgent, routine], open)).toBe(urgent);
    expect(pressing([urgent, message("me", NOON + MINUTE)], open)).toBeNull();
    expect(pressing([{ ...urgent, recalled: true }, routine], open)).toBeNull();
    expect(pressing([routine], open)).toBeNull();
  });

  it("is not what others have taken; what is urgent besides still is", () => {
    const urgent = message("a", NOON, { priority: "urgent" });
    const stat = message("a", NOON + MINUTE, { priority: "stat" });
    const taken = ({ id }: MessageView) => id === stat.id;
    expect(pressing([stat], taken)).toBeNull();
    expect(pressing([urgent, stat], taken)).toBe(urgent);
  });
});

describe("the place up to which a person has read", () => {
  it("is the newest message of somebody else", () => {
    const theirs = message("a", NOON, { seq: 7, newest_seq: 7 });
    const waiting = message("me", NOON + MINUTE, { seq: null, newest_seq: null, state: "sending" });
    expect(lastFromOthers([theirs, waiting])).toBe(7);
  });

  it("is the edit of an older message where that came later", () => {
    const edited = message("a", NOON, { seq: 7, newest_seq: 9 });
    const newer = message("a", NOON + MINUTE, { seq: 8, newest_seq: 8 });
    expect(lastFromOthers([edited, newer])).toBe(9);
  });

  it("is nothing where only the person wrote", () => {
    expect(lastFromOthers([message("me", NOON)])).toBeNull();
  });
});

it("loads as many messages as reach the one that is looked for, and no more than it has to", () => {
  const shown = [100, 101, 105].map((seq) => message("a", NOON, { seq }));
  expect(reaching(shown, 101, 60)).toBe(60);
  expect(reaching(shown, 104, 60)).toBe(60);
  const waits = message("me", NOON, { seq: null });
  const needed = reaching([...shown, waits], 6, 60);
  // From 6 to 105, and the one that waits.
  expect(needed).toBeGreaterThanOrEqual(101);
  expect(needed).toBeLessThan(140);
  expect(reaching([], 6, 60)).toBe(60);
});
