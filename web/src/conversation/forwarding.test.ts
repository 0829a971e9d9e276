import { expect, it } from "vitest";
import type { ConversationView } from "../core/methods";
import { targets } from "./forwarding";

function conversation(id: string, title: string, at: number, patient?: string): ConversationView {
  return { id, title, at, patient: patient ? { name: patient } : null } as ConversationView;
}

const ALL = [
  conversation("a", "Ben Ode", 1),
  conversation("b", "Night team", 3, "Walter Ford"),
  conversation("c", "Ben Ode, Mary Nakato", 2),
];

it("lists all other conversations, the newest first", () => {
  expect(targets(ALL, "b", "").map(({ id }) => id)).toEqual(["c", "a"]);
});

it("finds a conversation by its people and its patient", () => {
  expect(targets(ALL, "x", "ben mary").map(({ id }) => id)).toEqual(["c"]);
  expect(targets(ALL, "x", "Ford").map(({ id }) => id)).toEqual(["b"]);
  expect(targets(ALL, "x", "nobody")).toEqual([]);
});
