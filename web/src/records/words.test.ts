import { expect, it } from "vitest";
import type { PersonBrief, RecordsOrder } from "../core/wire";
import { canAgree, ordered, scopeText } from "./words";

const TYPED = {
  case: " 2026-17 ",
  reason: "Notice of claim",
  people: [],
  conversations: "",
  patients: "",
  from: "",
  until: "",
};

function by(id: string): PersonBrief {
  return { id, username: id, name: id, role: "", department: "" } as PersonBrief;
}

it("leaves out of what is signed whatever the record keeper would leave out", () => {
  const hold = { type: "hold", case: "2026-17", reason: "Notice of claim", scope: {} };
  expect(ordered("hold", TYPED)).toEqual(hold);
  const some = ordered("hold", {
    ...TYPED,
    people: ["u1"],
    patients: "p1, p2",
    until: "2026-03-01",
  });
  expect(some).toEqual({
    ...hold,
    scope: {
      people: ["u1"],
      patients: ["p1", "p2"],
      until: new Date(2026, 2, 2).getTime(),
    },
  });
  expect(scopeText({}, 0)).toBe("Everything");
});

it("lets nobody agree to their own order, twice, or to what is not theirs to say", () => {
  const order = {
    signed: { statement: { type: "hold", case: "1", reason: "r", scope: {} } },
    by: by("u1"),
    state: "waiting",
    agreements: [],
  } as unknown as RecordsOrder;
  const officer = { id: "u2", officer: true, custodian: false };
  expect(canAgree(order, officer)).toBe(true);
  expect(canAgree(order, { ...officer, id: "u1" })).toBe(false);
  expect(canAgree(order, { id: "u3", officer: false, custodian: true })).toBe(false);
  expect(canAgree({ ...order, state: "held" }, officer)).toBe(false);
  const agreed = [{ by: by("u2"), signed: order.signed }];
  expect(canAgree({ ...order, agreements: agreed }, officer)).toBe(false);
});
