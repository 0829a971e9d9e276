/** What the hospital hands out about records, taken for true only where the record keeper signed it: the
 * hospital carries it, and has no say. An order is what its words hash to, whatever it is handed out as. */
import { Failure } from "./failure";
import type { Records, RecordsOrder, SignedStatement } from "./wire";

interface Core {
  verify(signed: SignedStatement): Promise<{ keeper: boolean }>;
  hash(signed: SignedStatement): Promise<string>;
}
type Found = { hash: string; valid?: { keeper: boolean } | null };

/** Records of destruction that are shown, and so verified. */
export const SHOWN_DESTROYED = 20;
/** What was found of statements, by all that they say: signatures are for one statement only. */
const known = new Map<string, Found>();
const MOST_KNOWN = 2_000;

export async function trustedRecords(
  list: Records,
  core: Core,
): Promise<Records & { doubtful: boolean }> {
  let doubtful = false;
  const find = async (signed: SignedStatement): Promise<Found> => {
    const name = JSON.stringify(signed);
    const before = known.get(name);
    if (before) {
      return before;
    }
    const found: Found = { hash: await core.hash(signed) };
    if (known.size >= MOST_KNOWN) {
      known.clear();
    }
    known.set(name, found);
    return found;
  };
  /** Whether a device in use signed it that is its person's, and whether that keeps the records. */
  const verified = async (signed: SignedStatement): Promise<{ keeper: boolean } | null> => {
    const found = await find(signed);
    if (found.valid === undefined) {
      try {
        found.valid = await core.verify(signed);
      } catch (error) {
        if (!(error instanceof Failure) || !["untrusted", "not-admitted"].includes(error.code)) {
          throw error;
        }
        found.valid = null;
      }
    }
    return found.valid;
  };
  const kept = async (
    signed: SignedStatement | null | undefined,
    fits: (signed: SignedStatement) => boolean,
  ): Promise<SignedStatement | null> => {
    if (!signed) {
      return null;
    }
    if (fits(signed) && (await verified(signed))?.keeper) {
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
    const { signed } = order;
    const outcome = await kept(
      order.outcome,
      ({ statement }) => statement.type === "outcome" && statement.order === order.hash,
    );
    const ended = await kept(
      order.ended,
      ({ statement }) =>
        statement.type === "outcome" &&
        statement.came.type === "ended" &&
        statement.came.hold === order.hash,
    );
    // What the record keeper answered it has verified; the officer's device may be lost since.
    const stated =
      order.by.id === signed.user_id &&
      order.hash === (await find(signed)).hash &&
      (outcome !== null || (await verified(signed)) !== null);
    if (stated) {
      const state = stateOf(outcome, ended);
      orders.push({ ...order, outcome, ended, state });
    } else {
      doubtful = true;
    }
  }
  return { ...list, in_force: inForce, destroyed, orders, doubtful };
}

/** Where an order stands by what the record keeper signed. */
function stateOf(
  outcome: SignedStatement | null,
  ended: SignedStatement | null,
): RecordsOrder["state"] {
  const came = outcome?.statement.type === "outcome" ? outcome.statement.came.type : null;
  switch (came) {
    case null:
      return "waiting";
    case "refused":
      return "refused";
    case "held":
      return ended ? "ended" : "held";
    default:
      return "done";
  }
}
