/** Programs as columns: counts, costs, what people carry, and risks; and how costs are reckoned. */
import type { Comparison, Plan, Purpose, Range } from "../core/wire";
import { t } from "../texts";
import { money, quantity } from "./money";
import styles from "./Planner.module.css";

export function Side({ comparison: { currency, programs } }: { comparison: Comparison }) {
  const quantities = names(programs, (plan) => plan.quantities.map(({ name }) => name));
  const purposes = names(programs, (plan) => plan.purposes.map(({ purpose }) => purpose));
  const threats = names(programs, (plan) => plan.risks.map(({ threat }) => threat));
  const inMoney = (value: number) => money(value, currency);
  return (
    <section className={styles.card} aria-labelledby="side">
      <h2 id="side">{t.planner.side}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there */}
      <section className={styles.frame} aria-label={t.planner.sideTable} tabIndex={0}>
        <table className={styles.side}>
          <thead>
            <tr>
              <td />
              {programs.map(({ slug, title }) => (
                <th key={slug} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {quantities.map((name) => (
              <tr key={name}>
                <th scope="row">{t.planner.quantity[name] ?? name}</th>
                {programs.map((plan) => (
                  <RangeCell
                    key={plan.slug}
                    range={plan.quantities.find((each) => each.name === name)?.range}
                    show={quantity}
                  />
                ))}
              </tr>
            ))}
          </tbody>
          <tbody>
            {purposes.map((purpose) => (
              <tr key={purpose}>
                <th scope="row">{t.planner.purpose[purpose as Purpose]}</th>
                {programs.map((plan) => (
                  <RangeCell
                    key={plan.slug}
                    range={plan.purposes.find((each) => each.purpose === purpose)?.sum.range}
                    show={inMoney}
                  />
                ))}
              </tr>
            ))}
            <tr className={styles.total}>
              <th scope="row">{t.planner.total}</th>
              {programs.map(({ slug, total }) => (
                <td key={slug}>
                  {inMoney(total.range.likely)}
                  <small>
                    {t.planner.range(inMoney(total.range.low), inMoney(total.range.high))}
                  </small>
                  <small>
                    {t.planner.mean(
                      inMoney(total.mean),
                      inMoney(total.deviation_apart),
                      inMoney(total.deviation_together),
                    )}
                  </small>
                </td>
              ))}
            </tr>
          </tbody>
          <tbody>
            <tr>
              <th scope="row">{t.planner.carries}</th>
              {programs.map(({ slug, carries }) => (
                <td key={slug}>
                  <small>{carries.text}</small>
                </td>
              ))}
            </tr>
          </tbody>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={programs.length + 1}>
                {t.planner.risks}
              </th>
            </tr>
            {threats.map((threat) => (
              <tr key={threat}>
                <th scope="row">{t.planner.threat[threat] ?? threat}</th>
                {programs.map((plan) => (
                  <RiskCell key={plan.slug} plan={plan} threat={threat} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function RangeCell({ range, show }: { range: Range | undefined; show(value: number): string }) {
  if (!range) {
    return <td />;
  }
  const { low, likely, high } = range;
  return (
    <td>
      {show(likely)}
      {low === high ? null : <small>{t.planner.range(show(low), show(high))}</small>}
    </td>
  );
}

function RiskCell({ plan, threat }: { plan: Plan; threat: string }) {
  const risk = plan.risks.find((each) => each.threat === threat);
  return risk ? (
    <td>
      <strong className={styles.level} data-level={risk.level}>
        {t.planner.level[risk.level]}
      </strong>
      <small>{risk.reason}</small>
    </td>
  ) : (
    <td />
  );
}

/** Each item of cost with its formula. */
export function Items({ comparison: { currency, programs } }: { comparison: Comparison }) {
  return (
    <section className={styles.card} aria-labelledby="items">
      <h2 id="items">{t.planner.items}</h2>
      {programs.map((plan) => (
        <details key={plan.slug} className={styles.items}>
          <summary>{plan.title}</summary>
          <ul>
            {plan.items.map((item) => (
              <li key={`${item.purpose} ${item.name}`}>
                <strong>{item.name}</strong>
                <span>
                  {money(item.cost.likely, currency)},{" "}
                  {t.planner.range(money(item.cost.low, currency), money(item.cost.high, currency))}
                </span>
                <code>{t.planner.reckoned(item.formula)}</code>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

/** Every name that a program has, in the order in which they first come. */
function names(programs: readonly Plan[], of: (plan: Plan) => readonly string[]): string[] {
  return [...new Set(programs.flatMap(of))];
}
