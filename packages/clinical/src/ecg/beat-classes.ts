import type { DetectedBeat } from './qrs-detector.ts';
import { RunningMedian } from './running-median.ts';

/**
 * What kind of beat: by its likeness to the patient's prevailing shape and by how early it comes, in the
 * classes of ANSI/AAMI EC57 that can be told so. After Krasteva and Jekova 2007,
 * doi:10.1007/s10439-007-9392-2, and de Chazal et al. 2004, doi:10.1109/TBME.2004.827359. Paced beats
 * are not told apart: nothing here may be used for a paced patient (safety S8).
 */
export type BeatClass = 'N' | 'S' | 'V' | 'Q';

export type ClassifiableBeat = Pick<DetectedBeat, 'sample' | 'shape' | 'toEach' | 'breadth'>;

const UNLIKE = 0.8;
const UNLIKE_WHEN_EARLY = 0.85;
const EARLY = 0.9;
const BROADER = 1.1;
const SUPRAVENTRICULAR_BEFORE = 0.82;
/** Where intervals scatter more than this about their median, early means nothing. */
const REGULAR_WITHIN = 0.08;
const RECENT_BEATS = 100;
/** A shape that comes early and is followed by a pause counts for half: bigeminy has as many of it. */
const ECTOPIC_TIMING = Math.log(0.9);
const ECTOPIC_VALUE = 0.5;
const INTERVALS = 8;
const LEARNING_BEATS = 8;
const RATE = 0.1;

interface ShapeHistory {
  count: number;
  /** Logarithm of interval before over interval after, mean: an ectopic beat comes early and pauses. */
  timing: number;
  breadth: number;
}

export class BeatClassifier {
  readonly #intervals = new RunningMedian(INTERVALS);
  readonly #scatter = new RunningMedian(INTERVALS);
  readonly #recent: number[] = [];
  readonly #shapes = new Map<number, ShapeHistory>();
  #lastSample = -1;
  #lastInterval = Number.NaN;
  #lastId = -1;

  /** In the order of the beats. */
  push(beat: ClassifiableBeat): BeatClass {
    const interval = this.#lastSample < 0 ? Number.NaN : beat.sample - this.#lastSample;
    const usual = this.#intervals.value(interval);
    const prematurity = Number.isNaN(interval) ? 1 : interval / usual;
    const last = this.#shapes.get(this.#lastId);
    if (last !== undefined && this.#lastInterval > 0) {
      last.timing += RATE * (Math.log(this.#lastInterval / interval) - last.timing);
    }
    this.#lastSample = beat.sample;
    this.#lastInterval = interval;
    this.#lastId = beat.shape.id;
    this.#remember(beat);
    const kind = this.#kindOf(beat, prematurity);
    if (!Number.isNaN(interval)) {
      this.#intervals.push(interval);
      this.#scatter.push(Math.abs(prematurity - 1));
    }
    return kind;
  }

  #remember({ shape, breadth }: ClassifiableBeat): void {
    const history = this.#shapes.get(shape.id) ?? { count: 0, timing: 0, breadth };
    this.#shapes.set(shape.id, history);
    history.count += 1;
    history.breadth += RATE * (breadth - history.breadth);
    this.#recent.push(shape.id);
    if (this.#recent.length <= RECENT_BEATS) return;
    const oldest = this.#recent.shift() as number;
    const old = this.#shapes.get(oldest);
    if (old === undefined) return;
    old.count -= 1;
    if (old.count === 0) this.#shapes.delete(oldest);
  }

  #kindOf({ toEach, shape, breadth }: ClassifiableBeat, prematurity: number): BeatClass {
    if (this.#recent.length < LEARNING_BEATS) return 'N';
    const prevailing = this.#prevailing();
    const normal = this.#shapes.get(prevailing);
    const alike = prevailing === shape.id ? 1 : (toEach.get(prevailing) ?? 0);
    const isEarly = prematurity < EARLY;
    const isBroad = breadth > BROADER * (normal?.breadth ?? 1);
    if (isBroad && alike < (isEarly ? UNLIKE_WHEN_EARLY : UNLIKE)) return 'V';
    const isRegular = this.#scatter.value(1) < REGULAR_WITHIN;
    if (isRegular && prematurity < SUPRAVENTRICULAR_BEFORE) return 'S';
    return alike < UNLIKE ? 'Q' : 'N';
  }

  /** The narrow shape among the frequent ones is the conducted one. */
  #prevailing(): number {
    let best = -1;
    let bestValue = -1;
    for (const [id, { count, timing, breadth }] of this.#shapes) {
      const value = (count * (timing < ECTOPIC_TIMING ? ECTOPIC_VALUE : 1)) / breadth ** 2;
      if (value <= bestValue) continue;
      best = id;
      bestValue = value;
    }
    return best;
  }
}
