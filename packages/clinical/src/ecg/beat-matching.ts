/**
 * How well detected beats agree with a reference, as ANSI/AAMI EC57:2012 says it (in use: https://physionet.org/physiotools/wag/bxb-1.htm): one beat matches one
 * beat within 150 ms, the first five minutes are learning time, and ventricular flutter or
 * fibrillation is left out.
 */
export interface BeatAgreement {
  readonly truePositives: number;
  readonly falseNegatives: number;
  readonly falsePositives: number;
  /** Pairs of positions in the two lists. */
  readonly pairs: readonly BeatPair[];
}

export interface BeatPair {
  readonly reference: number;
  readonly detected: number;
}

interface Beats {
  /** Sample indices in ascending order. */
  readonly reference: ArrayLike<number>;
  readonly detected: ArrayLike<number>;
  readonly rateHz: number;
  /** Sample ranges, both ends inside, in which nothing is judged. */
  readonly excluded?: readonly { readonly from: number; readonly to: number }[];
  readonly skipSeconds?: number;
}

const WINDOW_SECONDS = 0.15;
const LEARNING_SECONDS = 300;

export function matchBeats(beats: Beats): BeatAgreement {
  const { reference, detected, rateHz, excluded = [], skipSeconds = LEARNING_SECONDS } = beats;
  const window = WINDOW_SECONDS * rateHz;
  const isJudged = (sample: number) =>
    sample >= skipSeconds * rateHz &&
    !excluded.some(({ from, to }) => sample >= from - window && sample <= to + window);
  const pairs: BeatPair[] = [];
  let falseNegatives = 0;
  let falsePositives = 0;
  const isBetter = (list: ArrayLike<number>, at: number, other: number) =>
    at + 1 < list.length &&
    Math.abs((list[at + 1] as number) - other) < Math.abs((list[at] as number) - other);
  const miss = (at: number) => {
    if (isJudged(reference[at] as number)) falseNegatives += 1;
  };
  const surplus = (at: number) => {
    if (isJudged(detected[at] as number)) falsePositives += 1;
  };
  let r = 0;
  let d = 0;
  while (r < reference.length && d < detected.length) {
    const apart = (detected[d] as number) - (reference[r] as number);
    // Of two candidates the nearer one is the partner, in either list.
    if (apart < -window || isBetter(detected, d, reference[r] as number)) surplus(d++);
    else if (apart > window || isBetter(reference, r, detected[d] as number)) miss(r++);
    else {
      if (isJudged(reference[r] as number)) pairs.push({ reference: r, detected: d });
      r += 1;
      d += 1;
    }
  }
  while (r < reference.length) miss(r++);
  while (d < detected.length) surplus(d++);
  return { truePositives: pairs.length, falseNegatives, falsePositives, pairs };
}

export function sensitivityOf(counts: Pick<BeatAgreement, 'truePositives' | 'falseNegatives'>) {
  return counts.truePositives / (counts.truePositives + counts.falseNegatives);
}

export function predictivityOf(counts: Pick<BeatAgreement, 'truePositives' | 'falsePositives'>) {
  return counts.truePositives / (counts.truePositives + counts.falsePositives);
}
