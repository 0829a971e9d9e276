/** The parts of a chart, and the way to each. */
export const PARTS = [
  "labs",
  "vitals",
  "medications",
  "reports",
  "procedures",
  "plans",
  "encounters",
] as const;
export type Part = (typeof PARTS)[number];

const TOP = "chart-top";

export function partId(part: Part): string {
  return `chart-${part}`;
}

export const topId = TOP;

export function toPart(part: Part): void {
  bring(partId(part));
}

export function toTop(): void {
  bring(TOP);
}

/** Into sight, and with it the keyboard and the screen reader. */
function bring(id: string): void {
  const heading = document.getElementById(id);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}
