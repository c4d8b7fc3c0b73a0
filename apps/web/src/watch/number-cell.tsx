import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import { UNKNOWN } from '../vitals/number-text.ts';
import type { VitalNumber } from '../vitals/vital-choice.ts';
import { inkOf } from '../vitals/vital-words.ts';
import classes from './number-cell.module.css';

interface NumberCellProps {
  readonly className: string | undefined;
  /** What is measured, with unit or source: "SpO₂ %". */
  readonly label: string;
  readonly number: VitalNumber | undefined;
  readonly text: string;
  /** The priority of the alarm whose limit this number broke. */
  readonly broken: AlarmPriority | undefined;
  readonly isFlashing: boolean;
  readonly testId: string;
}

/** "128/76": what the narrowest column was made for. */
const USUAL_FIGURES = 6;

/** One number with its label. Old ones turn grey with their age, unknown ones are "--". */
export function NumberCell(props: NumberCellProps) {
  const { number } = props;
  const state = number?.freshness ?? 'absent';
  const isSimulated = number !== undefined && hasFlag(number.reading.flags, FLAG.SIMULATED);
  const isDoubtful =
    number !== undefined &&
    hasFlag(number.reading.flags, FLAG.QUESTIONABLE | FLAG.IMPLAUSIBLE | FLAG.CONFLICT);
  return (
    <div
      className={`${classes.cell} ${props.className ?? ''}`}
      data-state={state}
      data-broken={state === 'fresh' ? props.broken : undefined}
      data-flash={(state === 'fresh' && props.isFlashing) || undefined}
      data-simulated={isSimulated || undefined}
      data-long={props.text.length > USUAL_FIGURES || undefined}
      style={number === undefined ? undefined : { '--cell-ink': inkOf(number.metric) }}
    >
      <span className={classes.label}>
        {props.label}
        {isDoubtful && state !== 'absent' && (
          <span title="The device doubts this value, or it is not plausible"> ?</span>
        )}
        {isSimulated && state !== 'absent' && (
          <span className={classes.simulated} title="Made by a simulator, not measured on a person">
            sim
          </span>
        )}
      </span>
      <span className={classes.value} data-testid={props.testId}>
        {state === 'absent' ? UNKNOWN : props.text}
      </span>
    </div>
  );
}
