import { fixed, pairText, UNKNOWN } from '../vitals/number-text.ts';
import { LANES } from './lane-plan.ts';
import { type Stretch, timeTicks } from './time-view.ts';
import { momentWords, tickWords } from './time-words.ts';
import classes from './timeline-table.module.css';
import { type TrendLine, valueNear } from './trend-line.ts';

const ROWS_MAX = 40;

/** The numbers behind the charts: at round times the value measured nearest to it. */
export function TimelineTable({
  lines,
  stretch,
}: {
  readonly lines: ReadonlyMap<string, TrendLine>;
  readonly stretch: Stretch;
}) {
  const zoneOffsetMs = -new Date(stretch.toMs).getTimezoneOffset() * 60_000;
  const { stepMs, timesMs } = timeTicks(stretch, { most: ROWS_MAX, zoneOffsetMs });
  const read = (vital: string | undefined, atMs: number) => {
    const line = vital === undefined ? undefined : lines.get(vital);
    const value = line && valueNear(line, { atMs, withinMs: stepMs / 2 });
    return line === undefined || value === undefined
      ? UNKNOWN
      : fixed(value, line.metric.resolution < 1 ? 1 : 0);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className={classes.box} tabIndex={0} aria-label="Values in the chosen range">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {LANES.map((plan) => (
              <th key={plan.vital} scope="col">
                {plan.title}, {plan.unit}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timesMs.toReversed().map((atMs) => (
            <tr key={atMs}>
              <th scope="row">{stepMs < 60_000 ? tickWords(atMs, stepMs) : momentWords(atMs)}</th>
              {LANES.map((plan) => (
                <td key={plan.vital}>
                  {plan.lowerVital === undefined
                    ? read(plan.vital, atMs)
                    : pairText(read(plan.vital, atMs), read(plan.lowerVital, atMs))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
