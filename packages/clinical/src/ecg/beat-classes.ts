import type { DetectedBeat } from './qrs-detector.ts';
import { RunningMedian } from './running-median.ts';

/**
 * What kind of beat: by its likeness to the patient's prevailing shape and by how early it comes, in the
 * classes of ANSI/AAMI EC57 that can be told so. After Krasteva and Jekova 2007,
 * doi:10.1007/s10439-007-9392-2, and de Chazal et al. 2004, doi:10.1109/TBME.2004.827359. Paced beats
 * are not told apart: nothing here may be used for a paced patient (safety S8).
 */
export type BeatClass = 'N' | 'S' | 'V' | 'Q';

export type ClassifiableBeat = Pick<DetectedBeat, 'sample' | 'shape' | 'toEach' | 'likeness'>;

const UNLIKE = 0.6;
const UNLIKE_WHEN_EARLY = 0.8;
const EARLY = 0.9;
const SUPRAVENTRICULAR_BEFORE = 0.82;
/** Where intervals scatter more than this about their median, early means nothing. */
const REGULAR_WITHIN = 0.08;
const INTERVALS = 8;
const LEARNING_BEATS = 8;
const RECENT_BEATS = 100;
/** What usually comes early prevails only by a large majority: bigeminy has as many of it. */
const EARLY_SHAPE_VALUE = 0.3;
const RATE = 0.1;

interface ShapeHistory {
  count: number;
  /** Mean of interval before over interval usual. */
  prematurity: number;
}

export class BeatClassifier {
  readonly #intervals = new RunningMedian(INTERVALS);
  readonly #scatter = new RunningMedian(INTERVALS);
  readonly #recent: number[] = [];
  readonly #shapes = new Map<number, ShapeHistory>();
  #lastSample = -1;

  /** In the order of the beats. */
  push(beat: ClassifiableBeat): BeatClass {
    const interval = this.#lastSample < 0 ? Number.NaN : beat.sample - this.#lastSample;
    this.#lastSample = beat.sample;
    const usual = this.#intervals.value(interval);
    const prematurity = Number.isNaN(interval) ? 1 : interval / usual;
    this.#remember(beat.shape.id, prematurity);
    const kind = this.#kindOf(beat, prematurity);
    if (!Number.isNaN(interval)) {
      this.#intervals.push(interval);
      this.#scatter.push(Math.abs(prematurity - 1));
    }
    return kind;
  }

  #remember(id: number, prematurity: number): void {
    const history = this.#shapes.get(id) ?? { count: 0, prematurity: 1 };
    this.#shapes.set(id, history);
    history.count += 1;
    history.prematurity += RATE * (prematurity - history.prematurity);
    this.#recent.push(id);
    if (this.#recent.length <= RECENT_BEATS) return;
    const oldest = this.#recent.shift() as number;
    const old = this.#shapes.get(oldest);
    if (old === undefined) return;
    old.count -= 1;
    if (old.count === 0) this.#shapes.delete(oldest);
  }

  #kindOf({ toEach, shape, likeness }: ClassifiableBeat, prematurity: number): BeatClass {
    if (this.#recent.length < LEARNING_BEATS) return 'N';
    const prevailing = this.#prevailing();
    const alike = prevailing === shape.id ? 1 : (toEach.get(prevailing) ?? 0);
    const isEarly = prematurity < EARLY;
    if (alike < UNLIKE || (alike < UNLIKE_WHEN_EARLY && isEarly)) return 'V';
    const isRegular = this.#scatter.value(1) < REGULAR_WITHIN;
    if (isRegular && prematurity < SUPRAVENTRICULAR_BEFORE) return 'S';
    return alike < UNLIKE_WHEN_EARLY && likeness < UNLIKE ? 'Q' : 'N';
  }

  #prevailing(): number {
    let best = -1;
    let bestValue = -1;
    for (const [id, { count, prematurity }] of this.#shapes) {
      const value = count * (prematurity < EARLY ? EARLY_SHAPE_VALUE : 1);
      if (value <= bestValue) continue;
      best = id;
      bestValue = value;
    }
    return best;
  }
}
