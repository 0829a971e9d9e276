/** What is said of whether this phone rings, without a screen. */
import type { OffDutyQuiet, OwnStatUse, PushInfo, QuietInfo } from "../core/wire";
import { t } from "../texts";
import { moment, until } from "../texts/time";

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

const OFF_DUTY: readonly OffDutyQuiet[] = ["nothing", "routine", "urgent"];

/** What may be chosen off duty, within what the hospital allows. */
export function allowed({ least, most }: Pick<QuietInfo, "least" | "most">): OffDutyQuiet[] {
  return OFF_DUTY.slice(OFF_DUTY.indexOf(least), OFF_DUTY.indexOf(most) + 1);
}

/** What a choice means now, in a sentence. */
export function ringsNext({ now: { routine } }: QuietInfo, now: number): string {
  if (!routine) {
    return t.rings.now.all;
  }
  return routine.until ? t.rings.now.until(until(routine.until, now)) : t.rings.now.later;
}

/** How STAT was used, in sentences. */
export function statUse({ days, sent, acknowledged, unneeded }: OwnStatUse): string {
  const words = t.rings.statUse;
  const judged =
    unneeded === null || unneeded === undefined ? words.tooFew : words.unneeded(unneeded);
  return `${words.figures(days, sent, acknowledged)} ${judged}`;
}

/** A time of the day as a field has it, from minutes since midnight. */
export function toTime(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Minutes since midnight; null for what is no time of a day. */
export function toMinutes(text: string): number | null {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(hour) < 24 && Number(minute) < 60 ? minutes : null;
}
