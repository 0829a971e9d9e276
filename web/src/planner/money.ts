/** Numbers of the planner in words. */

/** `$1.2M`, `$340k`: enough to compare by. */
export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency,
    notation: "compact",
    maximumSignificantDigits: 3,
  }).format(amount);
}

/** A count or a share, with as many digits as it needs. */
export function quantity(value: number): string {
  // Nobody trains half a person, though a mean may say so.
  const whole = value >= 100 ? Math.round(value) : value;
  return new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 }).format(whole);
}

/** A round number that is at least this, for the end of a scale. */
export function scaleEnd(value: number): number {
  if (!(value > 0)) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}
