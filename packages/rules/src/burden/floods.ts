/**
 * When so many alarms come that nobody can follow (IEC 62682, ISA-18.2): a flood begins with ten new ones
 * within ten minutes, and ends when fewer than five have come in the last ten. The window slides: an alarm is
 * not in another count because a clock has struck.
 */
export interface Flood {
  /** Of the first of the ten. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly alarms: number;
}

export interface Rush {
  readonly floods: readonly Flood[];
  /** The most that came within ten minutes. */
  readonly worst: number;
}

const WINDOW_MS = 600_000;
const BEGINS_AT = 10;
const ENDS_BELOW = 5;

/** Of one unit; `untilMs`: nobody knows what came after. */
export function floodsOf(raisedMs: readonly number[], untilMs: number): Rush {
  const times = raisedMs.toSorted((a, b) => a - b);
  const floods: Flood[] = [];
  let worst = 0;
  let oldest = 0;
  let floodFrom: number | undefined;
  for (const [index, atMs] of times.entries()) {
    const overMs = floodFrom === undefined ? undefined : endOf(times, index);
    if (floodFrom !== undefined && overMs !== undefined && overMs < atMs) {
      floods.push(flood(times, { from: floodFrom, to: index, untilMs: overMs }));
      floodFrom = undefined;
    }
    while ((times[oldest] ?? atMs) <= atMs - WINDOW_MS) oldest += 1;
    const count = index - oldest + 1;
    worst = Math.max(worst, count);
    if (count >= BEGINS_AT) floodFrom ??= oldest;
  }
  if (floodFrom !== undefined) {
    const overMs = Math.min(untilMs, endOf(times, times.length) ?? untilMs);
    floods.push(flood(times, { from: floodFrom, to: times.length, untilMs: overMs }));
  }
  return { floods, worst };
}

/** When, after so many alarms, fewer than five would lie within the window, if no other came. */
function endOf(times: readonly number[], count: number): number | undefined {
  const fifth = times[count - ENDS_BELOW];
  return fifth === undefined ? undefined : fifth + WINDOW_MS;
}

function flood(
  times: readonly number[],
  { from, to, untilMs }: { readonly from: number; readonly to: number; readonly untilMs: number },
): Flood {
  const own = times.slice(from, to).filter((atMs) => atMs < untilMs);
  return { fromMs: times[from] ?? untilMs, untilMs, alarms: own.length };
}
