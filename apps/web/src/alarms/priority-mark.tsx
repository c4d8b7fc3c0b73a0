import type { AlarmPriority } from '@ausculta/vitals/alarm';
import classes from './priority-mark.module.css';

/** Shape and marks of IEC 60601-1-8: never colour alone. The word stands beside it. */
export function PriorityMark({
  priority,
  size = 16,
}: {
  readonly priority: AlarmPriority;
  readonly size?: 16 | 20;
}) {
  return (
    <svg
      className={classes.mark}
      data-priority={priority}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <path className={classes.shape} d={SHAPES[priority]} />
      {MARKS[priority].map((x) => (
        <g key={x} className={classes.exclamation}>
          <path d={`M${x} ${STROKE[priority][0]}V${STROKE[priority][1]}`} />
          <path d={`M${x} ${STROKE[priority][2]}v0.01`} />
        </g>
      ))}
    </svg>
  );
}

const SHAPES: Record<AlarmPriority, string> = {
  high: 'M8 1.2 15.200 14.500H.8Z',
  medium: 'M8 .6 15.400 8 8 15.400.6 8Z',
  low: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z',
};

const MARKS: Record<AlarmPriority, readonly number[]> = {
  high: [5.6, 8, 10.4],
  medium: [6.7, 9.3],
  low: [8],
};

/** Top and bottom of the stroke, and the dot. */
const STROKE: Record<AlarmPriority, readonly [number, number, number]> = {
  high: [8, 10.2, 12.4],
  medium: [5.4, 8.4, 10.8],
  low: [4.8, 8.6, 11.2],
};
