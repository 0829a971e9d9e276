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

function order(
  hash: string,
  statement: Statement,
  outcome: SignedStatement | null,
  signature = "anna",
): RecordsOrder {
  const of = signed(statement, signature);
  hashes.set(of.issued_at, hash);
  return { signed: of, hash, by: ANNA, at: 1, state: "held", outcome, agreements: [] };
}

const HOLD: Statement = { type: "hold", case: "1", reason: "r", scope: {} };

function list(orders: RecordsOrder[]): Records {
  return { officers: [], custodians: [], orders, destroyed: [], destroyed_count: 0 };
}

/** What statements hash to. */
const hashes = new Map<number, string>();

/** Signatures that say whose they are. */
const core = {
  async verify({ signature }: SignedStatement) {
    if (signature === "forged") {
      throw new Failure("untrusted", "the server's answer is not valid");
    }
    if (signature === "lost") {
      throw new Failure("not-admitted", "the device is out of use");
    }
    return { keeper: signature === "keeper" };
  },
  hash: async ({ issued_at }: SignedStatement) => hashes.get(issued_at) ?? "none",
};

const held = (hash: string, by?: string) =>
  signed({ type: "outcome", order: hash, came: { type: "held" } }, by);

it("takes an order's state from what the record keeper signed, and from nothing else", async () => {
  const end: Statement = { type: "end_hold", hold: "a", reason: "r" };
  const ended = signed({ type: "outcome", order: "e", came: { type: "ended", hold: "a" } });
  const orders = [
    { ...order("a", HOLD, held("a")), ended },
    order("e", end, ended),
    order("b", HOLD, held("b")),
    order("c", HOLD, null),
  ];
  const found = await trustedRecords(list(orders), core);
  expect(found.orders.map(({ state }) => state)).toEqual(["ended", "done", "held", "waiting"]);
  expect(found.doubtful).toBe(false);
});

it("believes neither a forged outcome, nor another order's, nor an officer's", async () => {
  for (const outcome of [held("a", "forged"), held("b"), held("a", "anna")]) {
    const found = await trustedRecords(list([order("a", HOLD, outcome)]), core);
    expect(found.orders[0]?.state).toBe("waiting");
    expect(found.orders[0]?.outcome).toBeNull();
    expect(found.doubtful).toBe(true);
  }
});

it("ends a hold by what ended it, whether that was ordered here or by a file, and by nothing else", async () => {
  const by = (hold: string, who?: string) =>
    signed({ type: "outcome", order: "of a file", came: { type: "ended", hold } }, who);
  const state = async (ended: SignedStatement) => {
    const found = await trustedRecords(list([{ ...order("a", HOLD, held("a")), ended }]), core);
    return [found.orders[0]?.state, found.doubtful];
  };
  expect(await state(by("a"))).toEqual(["ended", false]);
  expect(await state(by("b"))).toEqual(["held", true]);
  expect(await state(by("a", "anna"))).toEqual(["held", true]);
});

it("leaves out an order that is handed out under another one's hash", async () => {
  // Whoever reads the first would end the second.
  const first = { ...order("a", HOLD, held("b")), hash: "b" };
  const found = await trustedRecords(list([first, order("b", HOLD, held("b"))]), core);
  expect(found.orders.map(({ signed }) => signed)).not.toContainEqual(first.signed);
  expect(found.orders).toHaveLength(1);
  expect(found.doubtful).toBe(true);
});

it("leaves out what is said to be another person's, and what waits and nobody signed", async () => {
  const ben = { ...ANNA, id: "u2" };
  const orders = [
    { ...order("a", HOLD, held("a")), by: ben },
    order("b", HOLD, null, "forged"),
    order("c", HOLD, null, "lost"),
  ];
  const found = await trustedRecords(list(orders), core);
  expect(found.orders).toEqual([]);
  expect(found.doubtful).toBe(true);
});

it("keeps a hold whose officer's device was lost since", async () => {
  const found = await trustedRecords(list([order("a", HOLD, held("a"), "lost")]), core);
  expect(found.orders.map(({ state }) => state)).toEqual(["held"]);
  expect(found.doubtful).toBe(false);
});

it("says that it could not look where there is no connection", async () => {
  const verify = async () => {
    throw new Failure("offline", "no connection");
  };
  const offline = { ...core, verify };
  await expect(trustedRecords(list([order("a", HOLD, held("a"))]), offline)).rejects.toThrow();
});
