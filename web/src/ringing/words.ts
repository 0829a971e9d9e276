/** What is said of whether this phone rings, without a screen. */
import type { PushInfo } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";

/** What arrived so long ago says nothing of this shift. */
const SHIFT_MS = 12 * 3_600_000;

/** How it stands, in a sentence. */
export function standing({ state, last_receipt_at }: PushInfo, now: number): string {
  return state === "rings"
    ? t.ringing.state.rings(moment(last_receipt_at ?? now, now))
    : t.ringing.state[state];
}

/** Whether it is to be checked at the start of a shift. */
export function isToBeChecked({ state, last_receipt_at }: PushInfo, now: number): boolean {
  return state !== "rings" || !isOfThisShift(last_receipt_at ?? 0, now);
}

/** Whether something was so lately that it is of this shift. */
export function isOfThisShift(at: number, now: number): boolean {
  return now - at <= SHIFT_MS;
}
