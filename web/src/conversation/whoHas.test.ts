import { describe, expect, it } from "vitest";
import type { Reached } from "../core/methods";
import { readers, told } from "./whoHas";

const NOON = new Date(2026, 2, 14, 12, 0).getTime();
const MINUTE = 60_000;

function reached(state: Reached["state"], more: Partial<Reached> = {}): Reached {
  const person = { id: "b", username: "b", name: "Ben", role: "", department: "" };
  return {
    person,
    state,
    delivered_at: null,
    read_at: null,
    acknowledged_at: null,
    ...more,
  };
}

describe("who has a message", () => {
  it("is told state by state, with the time by which it was so", () => {
    const of = reached("read", { delivered_at: NOON, read_at: NOON + 41 * MINUTE });
    expect(told(of, "routine", NOON + 42 * MINUTE)).toEqual([
      "Delivered by 12:00",
      "Read by 12:41",
    ]);
  });

  it("is told without times where nobody noted them", () => {
    expect(told(reached("read"), "routine", NOON)).toEqual(["Delivered", "Read"]);
    expect(told(reached("sent"), "routine", NOON)).toEqual(["Not on a device yet"]);
  });

  it("has the moment of a STAT message's acknowledgement, and does not say that it was read", () => {
    const of = reached("acknowledged", { acknowledged_at: NOON });
    expect(told(of, "stat", NOON)).toEqual(["Delivered", "Acknowledged 12:00"]);
    expect(told(of, "urgent", NOON)).toEqual(["Delivered", "Acknowledged by 12:00"]);
  });

  it("was read by those who read or acknowledged it", () => {
    const all = [reached("read"), reached("acknowledged"), reached("delivered"), reached("sent")];
    expect(readers(all)).toBe(2);
  });
});
