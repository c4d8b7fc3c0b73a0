import type { LimitView } from '@ausculta/contract/alarms';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import { useMemo } from 'react';
import { ageText, fixed, pairText, UNKNOWN, valueText } from '../vitals/number-text.ts';
import { type Candidate, chooseVital, type VitalNumber } from '../vitals/vital-choice.ts';
import { sourceText } from '../vitals/vital-words.ts';
import { LaneChart } from './lane-chart.tsx';
import type { LanePlan } from './lane-plan.ts';
import type { Stretch } from './time-view.ts';
import { cursorWords } from './time-words.ts';
import classes from './timeline.module.css';
import { type TrendLine, valueNear } from './trend-line.ts';

interface LaneRowProps {
  readonly plan: LanePlan;
  readonly lines: ReadonlyMap<string, TrendLine>;
  readonly limits: readonly LimitView[];
  readonly stretch: Stretch;
  readonly readings: readonly Candidate[];
  readonly nowMs: number;
  readonly silent: boolean;
  readonly cursorMs: number | undefined;
  readonly onCursor: (atMs: number | undefined) => void;
  readonly isPending: boolean;
}

export function LaneRow(props: LaneRowProps) {
  const { plan, lines, stretch } = props;
  const line = lines.get(plan.vital);
  const lower = plan.lowerVital === undefined ? undefined : lines.get(plan.lowerVital);
  const { limits } = props;
  const data = useMemo(
    () => ({
      line,
      lower,
      limits: limits.flatMap(({ vital, limit }) =>
        vital === plan.vital ? [{ value: limit }] : [],
      ),
    }),
    [line, lower, limits, plan.vital],
  );
  const source = line === undefined ? '' : sourceText(line.metric);
  const isSimulated = line?.flags.some((flags) => hasFlag(flags, FLAG.SIMULATED)) === true;
  const ink = `var(--metric-${line?.metric.ink ?? plan.ink})`;
  return (
    <div className={classes.lane} data-vital={plan.vital}>
      <div className={classes.gutter}>
        <span className={classes.title} style={{ color: ink }}>
          {plan.title}
        </span>
        <span>
          {plan.unit}
          {source !== '' && `, ${source}`}
        </span>
        {isSimulated && <span>simulated</span>}
      </div>
      {props.isPending ? (
        <div className={`skeleton ${classes.pending}`} style={{ height: plan.heightPx - 16 }} />
      ) : (
        <LaneChart plan={plan} data={data} stretch={stretch} onCursor={props.onCursor} />
      )}
      {props.cursorMs === undefined ? (
        <LastValue {...props} ink={ink} />
      ) : (
        <div className={classes.right}>
          <b style={{ '--value-ink': ink }}>
            {readAt(line, lower, { atMs: props.cursorMs, stretch })}
          </b>
          <span>{cursorWords(props.cursorMs, stretch)}</span>
        </div>
      )}
    </div>
  );
}

function LastValue(props: LaneRowProps & { readonly ink: string }) {
  const choose = (vital: string) =>
    chooseVital(props.readings, { vital, nowMs: props.nowMs, silent: props.silent });
  const last = choose(props.plan.vital);
  const below = props.plan.lowerVital === undefined ? undefined : choose(props.plan.lowerVital);
  return (
    <div className={classes.right} data-state={last?.freshness ?? 'absent'}>
      <b style={{ '--value-ink': props.ink }} data-testid={`last-${props.plan.vital}`}>
        {lastText(props.plan, last, below)}
      </b>
      <span>{last === undefined ? 'not measured' : ageText(last.ageMs)}</span>
    </div>
  );
}

function lastText(
  plan: LanePlan,
  last: VitalNumber | undefined,
  below: VitalNumber | undefined,
): string {
  if (last === undefined || last.freshness === 'absent') return UNKNOWN;
  if (plan.lowerVital === undefined) return valueText(last.reading);
  const belong = below !== undefined && below.reading.timeMs === last.reading.timeMs;
  return `${valueText(last.reading)}/${belong ? valueText(below.reading) : UNKNOWN}`;
}

/** What all lanes read under the one cursor; a gap reads as unknown. */
function readAt(
  line: TrendLine | undefined,
  lower: TrendLine | undefined,
  cursor: { readonly atMs: number; readonly stretch: Stretch },
): string {
  const withinMs = Math.max(3_000, (cursor.stretch.toMs - cursor.stretch.fromMs) / 60);
  const read = (of: TrendLine | undefined) => {
    const value = of && valueNear(of, { atMs: cursor.atMs, withinMs });
    if (of === undefined || value === undefined) return UNKNOWN;
    return fixed(value, of.metric.resolution < 1 ? 1 : 0);
  };
  return lower === undefined ? read(line) : pairText(read(line), read(lower));
}
