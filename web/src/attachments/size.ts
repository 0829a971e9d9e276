/** How large pictures are sent: what a screen shows and a ward's line carries. */

/** Pixels of the longer side. */
export const MOST_PIXELS = 2048;
/** The same of the small picture within the message. */
export const SMALL_PIXELS = 160;

export interface Size {
  width: number;
  height: number;
}

/** The size within a square, in the same proportions; what fits stays, and nothing becomes nothing. */
export function within({ width, height }: Size, most: number): Size {
  const scale = Math.min(1, most / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** A number of bytes for a person. */
export function bytesText(bytes: number): string {
  const [value, unit] =
    bytes >= 1_000_000 ? [bytes / 1_000_000, "MB"] : [Math.max(1, bytes / 1_000), "kB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Minutes and seconds. */
export function playTime(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
