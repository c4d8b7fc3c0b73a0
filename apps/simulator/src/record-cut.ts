import { isBeat, type WfdbAnnotation } from '@ausculta/codecs/wfdb-annotations';

/** Where a cut begins and ends, in samples of the original: [from, until). */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * How far from one beat to the next a cut is made: after the T wave of the first, before the P wave
 * of the second. A loop of the cut then joins 0.4 of one interval to 0.6 of another, and no beat is
 * ever halved.
 */
const CUT_BETWEEN_BEATS = 0.6;

/** Moves both ends of a wished span into the rest between two beats. */
export function restToRest(beats: readonly number[], wished: Span): Span | undefined {
  const from = restAt(beats, wished.from);
  const until = restAt(beats, wished.until);
  return from === undefined || until === undefined ? undefined : { from, until };
}

function restAt(beats: readonly number[], at: number): number | undefined {
  const next = beats.findIndex((beat) => beat > at);
  const before = beats[next - 1];
  const after = beats[next];
  if (before === undefined || after === undefined) return undefined;
  return Math.round(before + CUT_BETWEEN_BEATS * (after - before));
}

/** The annotations of a span, moved to its start, with the rhythm in force stated at sample 0. */
export function cutAnnotations(
  annotations: readonly WfdbAnnotation[],
  span: Span,
): WfdbAnnotation[] {
  const inside = annotations
    .filter(({ sample }) => span.from <= sample && sample < span.until)
    .map((annotation) => ({ ...annotation, sample: annotation.sample - span.from }));
  const rhythm = annotations.findLast(
    ({ symbol, sample }) => symbol === '+' && sample <= span.from,
  );
  if (rhythm === undefined || inside.some(({ symbol, sample }) => symbol === '+' && sample === 0)) {
    return inside;
  }
  return [{ ...rhythm, sample: 0 }, ...inside];
}

export function beatSamples(annotations: readonly WfdbAnnotation[]): number[] {
  return annotations.filter(isBeat).map(({ sample }) => sample);
}
