import type { LeadState } from './lead-state.ts';

/**
 * The shapes of this patient's beats, as running averages that are met again by correlation: template
 * matching after Krasteva and Jekova 2007, "QRS template matching for recognition of ventricular
 * ectopic beats", doi:10.1007/s10439-007-9392-2. All leads are compared as one vector, each by its
 * weight, so that a lead that should show the beat and does not counts against it.
 */
export interface BeatShape {
  /** Low-passed mV a lead, mean removed, `points` long. */
  readonly leads: readonly Float64Array[];
  /** Stable, in order of first appearance. */
  readonly id: number;
  count: number;
  lastAt: number;
}

/** A candidate's surroundings: wider than a shape by the lags that are tried. */
export type BeatWindow = readonly Float64Array[];

export interface Likeness {
  /** Correlation, -1 to 1, with the likest shape that has proved itself; 0 without any. */
  readonly toKnown: number;
  /** With the likest of all, and which one. */
  readonly toAny: number;
  readonly shape: BeatShape | undefined;
  readonly lag: number;
  /** With each shape, by its id. */
  readonly toEach: ReadonlyMap<number, number>;
}

/** The shape that a beat was added to, and how alike it was to each of the others. */
export interface LearnedBeat {
  readonly shape: BeatShape;
  readonly toEach: ReadonlyMap<number, number>;
  /** Mean height over greatest height, weighted over the leads: a broad beat has more of it. */
  readonly breadth: number;
}

const STEP_SECONDS = 0.008;
const HALF_SECONDS = 0.07;
const LAGS = 3;
const SHAPES_MAX = 6;
/** So many beats make a shape known. */
const KNOWN_FROM = 3;
const SAME_SHAPE = 0.9;
const RATE = 0.1;
const COUNT_MAX = 50;
const FORGET_SECONDS = 60;

export class BeatShapes {
  readonly shapes: BeatShape[] = [];
  readonly #rateHz: number;
  readonly #step: number;
  readonly #half: number;
  #nextId = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#step = Math.max(1, Math.round(rateHz * STEP_SECONDS));
    this.#half = Math.round((rateHz * HALF_SECONDS) / this.#step);
  }

  get hasKnown(): boolean {
    return this.shapes.some(({ count }) => count >= KNOWN_FROM);
  }

  /** `samplesAgo`: of the middle of the candidate, in the low-passed leads. */
  cut(leads: readonly LeadState[], samplesAgo: number): BeatWindow {
    const reach = this.#half + LAGS;
    return leads.map((lead) => {
      const values = new Float64Array(2 * reach + 1);
      for (let i = 0; i < values.length; i++) {
        const ago = samplesAgo - (i - reach) * this.#step;
        values[i] = lead.smoothBefore(Math.min(lead.reach, Math.max(0, ago)));
      }
      return values;
    });
  }

  compare(window: BeatWindow, leads: readonly LeadState[]): Likeness {
    let toKnown = 0;
    let toAny = -1;
    let likest: BeatShape | undefined;
    let lag = 0;
    const toEach = new Map<number, number>();
    for (const shape of this.shapes) {
      let toThis = -1;
      for (let shift = -LAGS; shift <= LAGS; shift++) {
        const found = correlation({ window, shape, leads, from: LAGS + shift });
        toThis = Math.max(toThis, found);
        if (shape.count >= KNOWN_FROM && found > toKnown) toKnown = found;
        if (found <= toAny) continue;
        toAny = found;
        likest = shape;
        lag = shift;
      }
      toEach.set(shape.id, toThis);
    }
    return { toKnown, toAny, shape: likest, lag, toEach };
  }

  /** Adds a beat to the shape that it has, or begins one. */
  learn(window: BeatWindow, leads: readonly LeadState[], at: number): LearnedBeat {
    const { toAny, shape: likest, lag, toEach } = this.compare(window, leads);
    const isNew = likest === undefined || toAny <= SAME_SHAPE;
    const shape = isNew ? this.#begin(leads.length) : likest;
    for (const [index, values] of window.entries()) {
      const stored = shape.leads[index] as Float64Array;
      const from = LAGS + (isNew ? 0 : lag);
      const mean = meanFrom(values, from, stored.length);
      for (let i = 0; i < stored.length; i++) {
        const value = (values[from + i] as number) - mean;
        const before = stored[i] as number;
        stored[i] = isNew ? value : before + RATE * (value - before);
      }
    }
    shape.count = Math.min(shape.count + 1, COUNT_MAX);
    shape.lastAt = at;
    for (const other of this.shapes) {
      const isOld = at - other.lastAt > FORGET_SECONDS * this.#rateHz;
      if (isOld) other.count = Math.min(other.count, KNOWN_FROM - 1);
    }
    return { shape, toEach, breadth: breadthOf(window, leads, LAGS + (isNew ? 0 : lag)) };
  }

  #begin(leadCount: number): BeatShape {
    const points = 2 * this.#half + 1;
    const leads = Array.from({ length: leadCount }, () => new Float64Array(points));
    const shape = { leads, id: this.#nextId, count: 0, lastAt: 0 };
    this.#nextId += 1;
    if (this.shapes.length < SHAPES_MAX) this.shapes.push(shape);
    else this.shapes[this.#leastUsed()] = shape;
    return shape;
  }

  #leastUsed(): number {
    let least = 0;
    for (const [index, shape] of this.shapes.entries()) {
      const other = this.shapes[least] as BeatShape;
      const isLess =
        shape.count < other.count || (shape.count === other.count && shape.lastAt < other.lastAt);
      if (isLess) least = index;
    }
    return least;
  }
}

function correlation(input: {
  readonly window: BeatWindow;
  readonly shape: BeatShape;
  readonly leads: readonly LeadState[];
  readonly from: number;
}): number {
  const { window, shape, leads, from } = input;
  let ofWindow = 0;
  let ofShape = 0;
  let ofBoth = 0;
  for (let l = 0; l < window.length; l++) {
    const values = window[l] as Float64Array;
    const stored = shape.leads[l] as Float64Array;
    const { weight, scale } = leads[l] as LeadState;
    const factor = weight * scale * scale;
    if (factor === 0) continue;
    const mean = meanFrom(values, from, stored.length);
    for (let i = 0; i < stored.length; i++) {
      const value = (values[from + i] as number) - mean;
      const expected = stored[i] as number;
      ofWindow += factor * value * value;
      ofShape += factor * expected * expected;
      ofBoth += factor * value * expected;
    }
  }
  return ofBoth / Math.sqrt(ofWindow * ofShape + Number.EPSILON);
}

function meanFrom(values: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[from + i] as number;
  return sum / count;
}

function breadthOf(window: BeatWindow, leads: readonly LeadState[], from: number): number {
  let heights = 0;
  let highest = 0;
  for (let l = 0; l < window.length; l++) {
    const values = window[l] as Float64Array;
    const { weight, scale } = leads[l] as LeadState;
    const count = values.length - 2 * LAGS;
    const mean = meanFrom(values, from, count);
    let top = 0;
    for (let i = 0; i < count; i++) {
      const height = Math.abs((values[from + i] as number) - mean);
      heights += (weight * scale * height) / count;
      top = Math.max(top, height);
    }
    highest += weight * scale * top;
  }
  return heights / (highest + Number.EPSILON);
}
