/** A plot to be read at arm's length: large figures, the reference range shaded, shapes for flags. */
import { moment } from "../texts/time";
import styles from "./Chart.module.css";
import { along, domain, path, place, sign, ticks } from "./scale";
import { isCritical, type Trend } from "./trends";
import { plotText } from "./words";

const WIDTH = 340;
const HEIGHT = 250;
const LEFT = 46;
const RIGHT = 324;
const TOP = 22;
const BOTTOM = 210;
/** As many values as fit beside their points. */
const MOST_NAMED = 4;

export function Plot({ trend, now }: { trend: Trend; now: number }) {
  const { lines, readings } = trend;
  const shown = readings.flatMap(({ values }) => values);
  const span = domain([...shown, ...lines.flatMap(({ low, high }) => [low, high])]);
  const xs = along(readings).map((at) => place(at, [0, 1], [LEFT + 26, RIGHT - 20]));
  const y = (value: number) => place(value, span, [BOTTOM, TOP]);
  const oldest = readings[readings.length - 1]?.at ?? null;
  const latest = readings[0]?.at ?? null;
  return (
    <svg
      className={styles.plot}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={plotText(trend, now)}
    >
      {lines.map(({ name, low, high }) =>
        low === null && high === null ? null : (
          <rect
            key={name}
            className={styles.band}
            x={LEFT}
            width={RIGHT - LEFT}
            y={y(high ?? span[1])}
            height={Math.max(1, y(low ?? span[0]) - y(high ?? span[1]))}
          />
        ),
      )}
      {ticks(span, 4).map((at) => (
        <g key={at}>
          <line className={styles.grid} x1={LEFT} x2={RIGHT} y1={y(at)} y2={y(at)} />
          <text className={styles.tick} x={LEFT - 6} y={y(at) + 5} textAnchor="end">
            {at}
          </text>
        </g>
      ))}
      {lines.flatMap(({ name, low, high }) =>
        [low, high].map((edge, which) =>
          edge === null ? null : (
            <line
              key={`${name} ${which === 0 ? "low" : "high"}`}
              className={styles.edge}
              x1={LEFT}
              x2={RIGHT}
              y1={y(edge)}
              y2={y(edge)}
            />
          ),
        ),
      )}
      {lines.map(({ name }, nth) => {
        const points = readings.map(({ values }, at): [number, number] | null => {
          const value = values[nth];
          const x = xs[at];
          return typeof value === "number" && x !== undefined ? [x, y(value)] : null;
        });
        return (
          <g key={name}>
            <path className={styles.line} d={path([...points].reverse())} />
            {readings.map((reading, at) => {
              const point = points[at];
              if (!point) {
                return null;
              }
              const standing = reading.standings[nth] ?? "usual";
              const named = at < 1 || readings.length <= MOST_NAMED || isCritical(standing);
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: one Observation may have two values
                <g key={at} data-critical={isCritical(standing) || undefined}>
                  <path
                    className={styles.sign}
                    data-critical={isCritical(standing) || undefined}
                    d={sign(standing, point[0], point[1], isCritical(standing) ? 9 : 7)}
                  />
                  {named ? (
                    <text
                      className={styles.figure}
                      x={point[0]}
                      y={point[1] + (nth === 0 ? -13 : 26)}
                      textAnchor="middle"
                    >
                      {reading.values[nth]}
                    </text>
                  ) : null}
                </g>
              );
            })}
          </g>
        );
      })}
      {oldest === null || latest === null ? null : (
        <>
          {oldest === latest ? null : (
            <text className={styles.tick} x={LEFT} y={HEIGHT - 10}>
              {moment(oldest, now)}
            </text>
          )}
          <text className={styles.tick} x={RIGHT} y={HEIGHT - 10} textAnchor="end">
            {moment(latest, now)}
          </text>
        </>
      )}
    </svg>
  );
}
