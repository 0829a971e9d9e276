/** What the hospital hands out about records, taken for true only where the record keeper signed it: the
 * hospital carries it, and has no say. */
import { Failure } from "./failure";
import type { Records, RecordsOrder, SignedStatement } from "./wire";

type Verify = (signed: SignedStatement) => Promise<{ hash: string; keeper: boolean }>;

/** Records of destruction that are shown, and so verified. */
export const SHOWN_DESTROYED = 20;
/** What was found to be the record keeper's, by signature: signatures are for one statement only. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 2_000;

export async function trustedRecords(
  list: Records,
  verify: Verify,
): Promise<Records & { doubtful: boolean }> {
  let doubtful = false;
  const ofKeeper = async (signed: SignedStatement): Promise<boolean> => {
    const name = JSON.stringify(signed);
    const before = known.get(name);
    if (before !== undefined) {
      return before;
    }
    let fits = false;
    try {
      fits = (await verify(signed)).keeper;
    } catch (error) {
      if (!(error instanceof Failure) || !["untrusted", "not-admitted"].includes(error.code)) {
        throw error;
      }
    }
    if (known.size >= MOST_KNOWN) {
      known.clear();
    }
    known.set(name, fits);
    return fits;
  };
  const kept = async (
    signed: SignedStatement | null | undefined,
    fits: (signed: SignedStatement) => boolean,
  ): Promise<SignedStatement | null> => {
    if (!signed) {
      return null;
    }
    if (fits(signed) && (await ofKeeper(signed))) {
      return signed;
    }
    doubtful = true;
    return null;
  };
  const inForce = await kept(list.in_force, ({ statement }) => statement.type === "in_force");
  const destroyed: SignedStatement[] = [];
  for (const signed of list.destroyed.slice(0, SHOWN_DESTROYED)) {
    const each = await kept(signed, ({ statement }) => statement.type === "destruction");
    if (each) {
      destroyed.push(each);
    }
  }
  const orders: RecordsOrder[] = [];
  for (const order of list.orders) {
    const outcome = await kept(
      order.outcome,
      ({ statement }) => statement.type === "outcome" && statement.order === order.hash,
    );
    orders.push({ ...order, outcome });
  }
  const settled = orders.map((order) => ({ ...order, state: stateOf(order, orders) }));
  return { ...list, in_force: inForce, destroyed, orders: settled, doubtful };
}

/** Where an order stands by what the record keeper signed. */
function stateOf(order: RecordsOrder, all: readonly RecordsOrder[]): RecordsOrder["state"] {
  const came = cameOf(order);
  if (came === null) {
    return "waiting";
  }
  if (came === "refused") {
    return "refused";
  }
  if (came !== "held") {
    return "done";
  }
  const ended = all.some(
    (other) =>
      other.signed.statement.type === "end_hold" &&
      other.signed.statement.hold === order.hash &&
      cameOf(other) === "ended",
  );
  return ended ? "ended" : "held";
}

function cameOf({ outcome }: RecordsOrder): string | null {
  return outcome?.statement.type === "outcome" ? outcome.statement.came.type : null;
}
