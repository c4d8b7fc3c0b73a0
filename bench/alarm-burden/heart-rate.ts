// The number that a monitor would show, and what happens in a rhythm, from beats.
import {
  findingOfPause,
  findingOfRun,
  type RhythmFinding,
} from '../../packages/rules/src/detectors/rhythm.ts';
import type { Beat, Recording } from './recordings.ts';

/** Safety S6: an averaging of up to 8 s. */
const AVERAGED_S = 8;

export interface Rate {
  readonly atS: number;
  readonly perMinute: number;
}

/** Each second the mean of the last eight; none while fewer than two beats lie in them. */
export function shownRates({ beats, seconds }: Recording): Rate[] {
  const rates = Array.from({ length: Math.floor(seconds) - AVERAGED_S + 1 }, (_, nth) => {
    const atS = nth + AVERAGED_S;
    return { atS, perMinute: meanRate(beats, { fromS: atS - AVERAGED_S, untilS: atS }) };
  });
  return rates.flatMap(({ atS, perMinute }) =>
    perMinute === undefined ? [] : [{ atS, perMinute: Math.round(perMinute) }],
  );
}

/** By the intervals that lie within. */
export function meanRate(
  beats: readonly Beat[],
  { fromS, untilS }: { readonly fromS: number; readonly untilS: number },
): number | undefined {
  const own = beats.filter(({ atS }) => fromS < atS && atS <= untilS);
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined || own.length < 2) return undefined;
  return (60 * (own.length - 1)) / (last.atS - first.atS);
}

/** From each beat to the next: what a monitor without any averaging would judge. */
export function beatRates({ beats }: Recording): Rate[] {
  return beats.slice(1).map(({ atS }, nth) => {
    return { atS, perMinute: 60 / (atS - (beats[nth]?.atS ?? 0)) };
  });
}

export interface RhythmEvent {
  readonly what: RhythmFinding;
  readonly atS: number;
  readonly phase?: 'begins' | 'ends';
}

const PAUSE_S = 4;
const RUN_BEATS = 5;

/** As whoever hears each beat when it comes would tell them. */
export function rhythmEvents({ beats, seconds }: Recording): RhythmEvent[] {
  return [...pauses(beats, seconds), ...runs(beats)].sort((one, other) => one.atS - other.atS);
}

function pauses(beats: readonly Beat[], seconds: number): RhythmEvent[] {
  return beats.flatMap(({ atS }, nth): RhythmEvent[] => {
    const nextS = beats[nth + 1]?.atS ?? seconds;
    const what = findingOfPause(1_000 * (nextS - atS));
    if (what === undefined) return [];
    return [
      { what, atS: atS + PAUSE_S, phase: 'begins' },
      { what, atS: nextS, phase: 'ends' },
    ];
  });
}

function runs(beats: readonly Beat[]): RhythmEvent[] {
  const events: RhythmEvent[] = [];
  let run: number[] = [];
  let isTachycardia = false;
  for (const { atS, isVentricular } of beats) {
    if (isVentricular) {
      run.push(atS);
      const what = run.length < RUN_BEATS ? undefined : findingOf(run.slice(-RUN_BEATS));
      if (what !== undefined && !isTachycardia) events.push({ what, atS, phase: 'begins' });
      isTachycardia ||= what !== undefined;
      continue;
    }
    // Of a short run it is known only that it was, when a beat comes that is none of it.
    const short = run.length < RUN_BEATS ? findingOf(run) : undefined;
    if (short !== undefined) events.push({ what: short, atS });
    if (isTachycardia) events.push({ what: 'ventricular-tachycardia', atS, phase: 'ends' });
    isTachycardia = false;
    run = [];
  }
  return events;
}

function findingOf(run: readonly number[]): RhythmFinding | undefined {
  const [first = 0, last = 0] = [run[0], run.at(-1)];
  return findingOfRun({ beats: run.length, perMinute: (60 * (run.length - 1)) / (last - first) });
}
