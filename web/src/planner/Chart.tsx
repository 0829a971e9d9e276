/** Costs as bars: the parts of what is likely, and a line from the low end to the high one. */
import type { Comparison, Plan } from "../core/wire";
import { t } from "../texts";
import { money, scaleEnd } from "./money";
import styles from "./Planner.module.css";

const PURPOSES = ["device", "subscription", "support", "training"] as const;

export function Chart({ comparison: { currency, programs } }: { comparison: Comparison }) {
  const end = scaleEnd(Math.max(0, ...programs.map(({ total }) => total.range.high)));
  return (
    <section className={styles.card} aria-labelledby="cost">
      <h2 id="cost">{t.planner.cost}</h2>
      <ul className={styles.legend} aria-label={t.planner.legend}>
        {PURPOSES.map((purpose) => (
          <li key={purpose} data-purpose={purpose}>
            {t.planner.purpose[purpose]}
          </li>
        ))}
      </ul>
      <ul className={styles.bars}>
        {programs.map((plan) => (
          <Bar key={plan.slug} plan={plan} currency={currency} end={end} />
        ))}
      </ul>
      <p className={styles.scale} aria-hidden>
        <span>{money(0, currency)}</span>
        <span>{money(end / 2, currency)}</span>
        <span>{money(end, currency)}</span>
      </p>
    </section>
  );
}

function Bar({ plan, currency, end }: { plan: Plan; currency: string; end: number }) {
  const share = (amount: number) => `${(100 * amount) / end}%`;
  const { low, likely, high } = plan.total.range;
  const label = t.planner.costLabel(
    plan.title,
    money(likely, currency),
    money(low, currency),
    money(high, currency),
  );
  return (
    <li>
      <p>
        <strong>{plan.title}</strong>{" "}
        <span>
          {money(likely, currency)}, {t.planner.range(money(low, currency), money(high, currency))}
        </span>
      </p>
      <div className={styles.track} role="img" aria-label={label}>
        <div className={styles.parts}>
          {plan.purposes.map(({ purpose, sum }) => (
            <div key={purpose} data-purpose={purpose} style={{ width: share(sum.range.likely) }} />
          ))}
        </div>
        <div className={styles.whisker} style={{ left: share(low), width: share(high - low) }} />
      </div>
    </li>
  );
}
