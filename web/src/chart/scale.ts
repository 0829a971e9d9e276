/** Where things stand in a plot. */
import type { Reading, Standing } from "./trends";

export type Span = readonly [from: number, to: number];

/** From the lowest to the highest of what is shown, with a little room; never empty. */
export function domain(shown: readonly (number | null)[]): Span {
  const numbers = shown.filter((each): each is number => each !== null && Number.isFinite(each));
  if (numbers.length === 0) {
    return [0, 1];
  }
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = high > low ? (high - low) * 0.12 : Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** Round numbers within a span, about `count` of them. */
export function ticks([from, to]: Span, count: number): number[] {
  const step = roundStep((to - from) / count);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil(from / step - 1e-9);
  const all: number[] = [];
  for (let at = first; at * step <= to + step * 1e-9; at += 1) {
    all.push(Number((at * step).toFixed(digits)));
  }
  return all;
}

/** 1, 2 or 5 by a power of ten, not below what is wanted. */
function roundStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  const found = [1, 2, 5].find((each) => each * power >= wanted * (1 - 1e-9));
  return (found ?? 10) * power;
}

/** A value of one span at its place in another, which may run the other way. */
export function place(value: number, [from, to]: Span, [start, end]: Span): number {
  return to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

/** From 0 for the oldest to 1 for the latest: by time where every reading has one, else evenly. The
 * latest comes first, as in the readings. */
export function along(readings: readonly Pick<Reading, "at">[]): number[] {
  const last = readings.length - 1;
  if (last <= 0) {
    return readings.map(() => 0.5);
  }
  const times = readings.map(({ at }) => at);
  const known = times.filter((at): at is number => at !== null);
  const from = Math.min(...known);
  const to = Math.max(...known);
  if (known.length < readings.length || from === to) {
    return readings.map((_, index) => (last - index) / last);
  }
  return known.map((at) => (at - from) / (to - from));
}

/** Points as lines; a place without a value parts them. */
export function path(points: readonly (readonly [number, number] | null)[]): string {
  let open = false;
  return points
    .map((point) => {
      if (!point) {
        open = false;
        return "";
      }
      const [x, y] = point;
      const step = `${open ? "L" : "M"}${round(x)} ${round(y)}`;
      open = true;
      return step;
    })
    .join("");
}

/** The sign of a value, around its place: what it is does not hang on a colour. */
export function sign(standing: Standing, x: number, y: number, size: number): string {
  const at = (dx: number, dy: number) => `${round(x + dx * size)} ${round(y + dy * size)}`;
  switch (standing) {
    case "critical_high":
    case "high":
      return `M${at(-1, 0.8)}L${at(0, -1)}L${at(1, 0.8)}Z`;
    case "critical_low":
    case "low":
      return `M${at(-1, -0.8)}L${at(0, 1)}L${at(1, -0.8)}Z`;
    case "critical":
    case "abnormal":
      return `M${at(0, -1)}L${at(1, 0)}L${at(0, 1)}L${at(-1, 0)}Z`;
    case "usual": {
      const r = round(size * 0.7);
      return `M${at(-0.7, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    }
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
