import { expect, it } from "vitest";
import { Failure } from "./failure";
import { trustedRecords } from "./records";
import type { PersonBrief, Records, RecordsOrder, SignedStatement, Statement } from "./wire";

const ANNA = { id: "u1", username: "anna", name: "Anna", role: "", department: "" } as PersonBrief;
let count = 0;

function signed(statement: Statement, signature = "keeper"): SignedStatement {
  count += 1;
  return { v: 1, statement, user_id: "u1", device_id: "d1", issued_at: count, signature };
}

function order(hash: string, statement: Statement, outcome: SignedStatement | null): RecordsOrder {
  const of = signed(statement, "anna");
  return { signed: of, hash, by: ANNA, at: 1, state: "held", outcome, agreements: [] };
}

const HOLD: Statement = { type: "hold", case: "1", reason: "r", scope: {} };

function list(orders: RecordsOrder[]): Records {
  return { officers: [], custodians: [], orders, destroyed: [], destroyed_count: 0 };
}

/** Signatures that say whose they are. */
async function verify({ signature }: SignedStatement) {
  if (signature === "forged") {
    throw new Failure("untrusted", "the server's answer is not valid");
  }
  return { hash: "", keeper: signature === "keeper" };
}

const held = (hash: string, by?: string) =>
  signed({ type: "outcome", order: hash, came: { type: "held" } }, by);

it("takes an order's state from what the record keeper signed, and from nothing else", async () => {
  const end: Statement = { type: "end_hold", hold: "a", reason: "r" };
  const ended = signed({ type: "outcome", order: "e", came: { type: "ended" } });
  const orders = [
    order("a", HOLD, held("a")),
    order("e", end, ended),
    order("b", HOLD, held("b")),
    order("c", HOLD, null),
  ];
  const found = await trustedRecords(list(orders), verify);
  expect(found.orders.map(({ state }) => state)).toEqual(["ended", "done", "held", "waiting"]);
  expect(found.doubtful).toBe(false);
});

it("believes neither a forged outcome, nor another order's, nor an officer's", async () => {
  for (const outcome of [held("a", "forged"), held("b"), held("a", "anna")]) {
    const found = await trustedRecords(list([order("a", HOLD, outcome)]), verify);
    expect(found.orders[0]?.state).toBe("waiting");
    expect(found.orders[0]?.outcome).toBeNull();
    expect(found.doubtful).toBe(true);
  }
});

it("says that it could not look where there is no connection", async () => {
  const offline = async () => {
    throw new Failure("offline", "no connection");
  };
  await expect(trustedRecords(list([order("a", HOLD, held("a"))]), offline)).rejects.toThrow();
});
