/** How a value went, in a thumbnail; the row says in words what matters of it. */
import styles from "./Chart.module.css";
import { along, domain, path, place, sign } from "./scale";
import { isCritical, type Trend } from "./trends";

const WIDTH = 72;
const HEIGHT = 32;
const EDGE = 6;

export function Sparkline({ trend: { lines, readings } }: { trend: Trend }) {
  const shown = readings.flatMap(({ values }) => values);
  const span = domain([...shown, ...lines.flatMap(({ low, high }) => [low, high])]);
  const xs = along(readings).map((at) => place(at, [0, 1], [EDGE, WIDTH - EDGE]));
  const y = (value: number) => place(value, span, [HEIGHT - 2, 2]);
  return (
    <svg className={styles.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
      {lines.map(({ name, low, high }, nth) => {
        const points = readings.map(({ values }, at): [number, number] | null => {
          const value = values[nth];
          const x = xs[at];
          return typeof value === "number" && x !== undefined ? [x, y(value)] : null;
        });
        return (
          <g key={name}>
            <Band low={low} high={high} span={span} y={y} />
            <path className={styles.line} d={path([...points].reverse())} />
            {points.map((point, at) => {
              const standing = readings[at]?.standings[nth] ?? "usual";
              return point && (at === 0 || isCritical(standing)) ? (
                <path
                  // biome-ignore lint/suspicious/noArrayIndexKey: places of one series, which never move
                  key={at}
                  className={styles.sign}
                  data-critical={isCritical(standing) || undefined}
                  d={sign(standing, point[0], point[1], at === 0 ? 4.5 : 3.5)}
                />
              ) : null;
            })}
          </g>
        );
      })}
    </svg>
  );
}

function Band({
  low,
  high,
  span: [from, to],
  y,
}: {
  low: number | null;
  high: number | null;
  span: readonly [number, number];
  y(value: number): number;
}) {
  if (low === null && high === null) {
    return null;
  }
  const top = y(high ?? to);
  return (
    <rect
      className={styles.band}
      x={0}
      y={top}
      width={WIDTH}
      height={Math.max(1, y(low ?? from) - top)}
    />
  );
}
