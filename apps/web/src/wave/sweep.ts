/** Six seconds across a tile: 52.7 px/s on the design's 316 px, 25 mm/s of paper. */
export const SWEEP_MS = 6_000;
/** At 25 mm/s a millimetre of paper lasts 40 ms; 10 mm stand for 1 mV. */
const PAPER_MM_PER_S = 25;
const PAPER_MM_PER_MV = 10;

/** Columns of device pixels, half-open: [from, until). */
export interface Span {
  readonly from: number;
  readonly until: number;
}

export interface SweepStep {
  /** Whole columns newly reached, in drawing order; two when the bar came round. */
  readonly spans: readonly (Span & { readonly startMs: number })[];
  /** The column where the bar now stands. */
  readonly bar: number;
  /** True when the bar came round to the left: what stands is now the old trace. */
  readonly cameRound: boolean;
  /** Column count since the beginning of time: hand it back with the next step. */
  readonly column: number;
  /** Nothing drawn so far is of use: the screen slept, or the clock jumped. */
  readonly restart: boolean;
}

/**
 * Which columns the sweep has reached since the last picture. All walls of one width have the bar at
 * the same place, because it depends on the time alone. Only whole columns are drawn, each once.
 */
export function sweepStep(sweep: {
  readonly width: number;
  readonly sweepMs: number;
  readonly timeMs: number;
  readonly lastColumn: number | undefined;
}): SweepStep {
  const { width, sweepMs, lastColumn } = sweep;
  const columnMs = sweepMs / width;
  const column = Math.floor(sweep.timeMs / columnMs);
  const bar = modulo(column, width);
  const behind = lastColumn === undefined ? width : column - lastColumn;
  if (behind < 0 || behind >= width) {
    return { spans: [], bar, cameRound: false, column, restart: true };
  }
  const first = column - behind;
  const from = modulo(first, width);
  const spanAt = (start: number, count: number): Span & { startMs: number } => ({
    from: modulo(start, width),
    until: modulo(start, width) + count,
    startMs: start * columnMs,
  });
  if (behind === 0) return { spans: [], bar, cameRound: false, column, restart: false };
  if (from + behind < width) {
    return { spans: [spanAt(first, behind)], bar, cameRound: false, column, restart: false };
  }
  const untilEdge = width - from;
  const rest = behind - untilEdge;
  const spans = [spanAt(first, untilEdge)];
  if (rest > 0) spans.push(spanAt(first + untilEdge, rest));
  return { spans, bar, cameRound: true, column, restart: false };
}

/** Pixels for one millivolt at the paper speed that the sweep stands for. */
export function pxPerMv(strip: { readonly widthPx: number; readonly sweepMs: number }): number {
  const pxPerMm = strip.widthPx / ((strip.sweepMs / 1000) * PAPER_MM_PER_S);
  return pxPerMm * PAPER_MM_PER_MV;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
