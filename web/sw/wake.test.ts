import { describe, expect, it } from "vitest";
import { type Bell, OPTIONS, TITLE, wake } from "./wake";

const ID = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJK-_0123";

function bell(works: { shows?: boolean; posts?: boolean } = {}) {
  const done: string[] = [];
  const made: Bell = {
    show(title, options) {
      done.push(`show ${title}: ${options.body}`);
      return works.shows === false ? Promise.reject(new TypeError("no permission")) : shown();
    },
    fetch(path, init) {
      done.push(`${init.method} ${path} ${init.body}`);
      return works.posts === false
        ? Promise.reject(new TypeError("offline"))
        : Promise.resolve({ status: 204 });
    },
  };
  return { made, done };
}

const shown = () => Promise.resolve();
const SHOWN = "show Wardline: Something waits for you";

describe("a wake-up", () => {
  it("is shown, and then its receipt is posted with nothing but the id", async () => {
    const { made, done } = bell();
    await wake(ID, made);
    expect(done).toEqual([SHOWN, `POST /v1/push/receipts {"id":"${ID}"}`]);
  });

  it("is shown in the same words whatever it says, and only an id is posted", async () => {
    for (const text of [undefined, "", "K 6.8 in bed 4", `${ID}x`, `{"id":"${ID}"}`]) {
      const { made, done } = bell();
      await wake(text, made);
      expect(done).toEqual([SHOWN]);
    }
  });

  it("that cannot be shown has no receipt: nobody heard it", async () => {
    const { made, done } = bell({ shows: false });
    await expect(wake(ID, made)).rejects.toThrow("no permission");
    expect(done).toEqual([SHOWN]);
  });

  it("that is out of reach of the hospital is shown all the same", async () => {
    await wake(ID, bell({ posts: false }).made);
  });

  it("rings anew, and is never silent", () => {
    expect(TITLE).toBe("Wardline");
    expect(OPTIONS).toMatchObject({ renotify: true, tag: "wardline" });
    expect(OPTIONS.silent).toBeUndefined();
  });
});
