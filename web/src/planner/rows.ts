/** A comparison as rows of a file, in the columns of the server's own. */
import type { Comparison, Plan, Range } from "../core/wire";
import { t } from "../texts";

export function comparisonRows({ currency, programs, assumptions }: Comparison): string[][] {
  return [
    t.planner.csv,
    ...programs.flatMap((plan) => planRows(plan, currency)),
    ...assumptions.map(({ name, estimate }) => [
      "",
      "assumption",
      name,
      ...digits(estimate),
      estimate.unit,
      `${estimate.source} (${estimate.date})`,
    ]),
  ];
}

function planRows(plan: Plan, currency: string): string[][] {
  const row = (section: string, item: string, range: Range | null, unit: string, text: string) => [
    plan.slug,
    section,
    item,
    ...(range ? digits(range) : ["", "", ""]),
    unit,
    text,
  ];
  return [
    ...plan.quantities.map(({ name, range, formula }) => row("quantity", name, range, "", formula)),
    ...plan.items.map(({ purpose, name, cost, formula }) =>
      row("cost", `${purpose}: ${name}`, cost, currency, formula),
    ),
    ...plan.purposes.map(({ purpose, sum }) => row("sum", purpose, sum.range, currency, "")),
    row("sum", "total", plan.total.range, currency, ""),
    row("carries", "devices", null, String(plan.carries.extra), plan.carries.text),
    ...plan.risks.map(({ threat, level, reason }) => row("risk", threat, null, level, reason)),
    ...plan.warnings.map(({ rule, text }) => row("warning", rule, null, "", text)),
  ];
}

function digits({ low, likely, high }: Range): string[] {
  return [low, likely, high].map((value) => String(Math.round(value * 10_000) / 10_000));
}
