/**
 * Spells: how long something held without a break, such as "SpO2 below 92 for at least ten minutes".
 *
 * What counts is the time between two neighbouring readings: it belongs to a spell when the earlier one
 * lies beyond the bound and the later one follows within `gapMaxMs`. So a number is never taken to hold
 * where nobody measured: silence ends a spell at its last reading, and adds nothing. Readings are
 * compared as they are shown, rounded to the step that devices resolve, as limits compare them.
 *
 * A one-sided value ("> 600") counts where its bound leaves no doubt. Where it does, it is neither
 * beyond nor within, and ends a spell as silence does.
 */
import { expect } from '@ausculta/vitals/expect';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';

export interface SpellQuestion {
  readonly direction: 'below' | 'above';
  /** In the catalogue's unit; a value that is equal to it is not beyond it. */
  readonly bound: number;
  /** Shorter spells are not told. */
  readonly atLeastMs: number;
  /** Readings further apart have silence between them. */
  readonly gapMaxMs: number;
  readonly step: number;
}

/** A reading within the bound; silence; a value that could be either; or the end of what was asked. */
export type SpellEnd = 'within' | 'silence' | 'doubt' | 'edge';

export interface Spell {
  readonly fromMs: number;
  readonly untilMs: number;
  /** It begins with the first reading that was looked at: it may have begun before. */
  readonly fromEdge: boolean;
  readonly endedBy: SpellEnd;
  readonly readings: number;
  /** The furthest beyond the bound. */
  readonly extreme: number;
  /** Of its readings those that are implausible, questionable or contradicted. */
  readonly doubted: number;
}

type Side = 'beyond' | 'within' | 'doubt';

const DOUBTED = FLAG.IMPLAUSIBLE | FLAG.QUESTIONABLE | FLAG.CONFLICT;

interface Running {
  readonly fromMs: number;
  readonly fromEdge: boolean;
  lastMs: number;
  readings: number;
  extreme: number;
  doubted: number;
}

/** Takes the readings of one source in time order, piece by piece. */
export class SpellFinder {
  readonly #question: SpellQuestion;
  readonly #onSpell: (spell: Spell) => void;
  #running: Running | undefined;
  #lastMs = Number.NaN;

  constructor(question: SpellQuestion, onSpell: (spell: Spell) => void) {
    this.#question = question;
    this.#onSpell = onSpell;
  }

  add({ timeMs, value, flags }: { timeMs: number; value: number; flags: number }): void {
    expect(!(timeMs < this.#lastMs), 'readings come in time order');
    const running = this.#running;
    if (running !== undefined && timeMs - running.lastMs > this.#question.gapMaxMs)
      this.#end('silence', running.lastMs);
    const shown = rounded(value, this.#question.step);
    const side = sideOf(shown, flags, this.#question);
    if (side === 'beyond') this.#go(timeMs, shown, flags);
    else this.#end(side, timeMs);
    this.#lastMs = timeMs;
  }

  /** There are no more readings: what runs ends with its last one. */
  end(): void {
    if (this.#running !== undefined) this.#end('edge', this.#running.lastMs);
  }

  #go(timeMs: number, value: number, flags: number): void {
    this.#running ??= {
      fromMs: timeMs,
      fromEdge: Number.isNaN(this.#lastMs),
      lastMs: timeMs,
      readings: 0,
      extreme: value,
      doubted: 0,
    };
    const running = this.#running;
    running.lastMs = timeMs;
    running.readings += 1;
    if (hasFlag(flags, DOUBTED)) running.doubted += 1;
    const { direction } = this.#question;
    if (direction === 'below' ? value < running.extreme : value > running.extreme)
      running.extreme = value;
  }

  #end(endedBy: SpellEnd, untilMs: number): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { fromMs, fromEdge, readings, extreme, doubted } = running;
    if (untilMs - fromMs < this.#question.atLeastMs) return;
    this.#onSpell({ fromMs, untilMs, fromEdge, endedBy, readings, extreme, doubted });
  }
}

function sideOf(value: number, flags: number, { direction, bound }: SpellQuestion): Side {
  const isBelow = direction === 'below';
  if (hasFlag(flags, FLAG.BELOW)) {
    // The true value lies below this one: only downwards is there no doubt.
    if (value <= bound) return isBelow ? 'beyond' : 'within';
    return 'doubt';
  }
  if (hasFlag(flags, FLAG.ABOVE)) {
    if (value >= bound) return isBelow ? 'within' : 'beyond';
    return 'doubt';
  }
  return (isBelow ? value < bound : value > bound) ? 'beyond' : 'within';
}

/** As a screen shows it. The quotient of two decimals is not exact; the nearest whole step is. */
function rounded(value: number, step: number): number {
  const steps = Math.round(1 / step);
  return steps >= 1 && Math.abs(steps * step - 1) < 1e-9
    ? Math.round(value * steps) / steps
    : Math.round(value / step) * step;
}
