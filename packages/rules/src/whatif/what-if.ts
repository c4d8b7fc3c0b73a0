/**
 * What a change of the plan would have done over a stored time of one patient: alarms before and after, and
 * which of those that somebody acted on would have been missed.
 */
import type { ZoneOffsets } from '../detectors/zone.ts';
import { type ActedOn, type Fate, fatesOf } from './acted-on.ts';
import { alarmSpans, summed, type Tally, tally } from './alarm-spans.ts';
import type { PlanDifference } from './changed-rules.ts';
import type { Replayed } from './replay.ts';
import { inParts, type Steps } from './steps.ts';

export interface WhatIf {
  /** Of the rules that were run again; all others are as they were. */
  readonly before: Tally;
  readonly after: Tally;
  /** Of the conditions that were run again. */
  readonly actedOn: number;
  readonly fates: readonly Fate[];
}

export function* whatIf(
  replayed: Pick<Replayed, 'before' | 'after'>,
  asked: {
    readonly difference: PlanDifference;
    readonly acted: readonly ActedOn[];
    readonly fromMs: number;
    readonly untilMs: number;
    readonly zone: ZoneOffsets;
  },
): Steps<WhatIf> {
  const before = yield* alarmSpans(replayed.before);
  const after = yield* alarmSpans(replayed.after);
  const acted = yield* runAgain(asked.acted, asked.difference);
  return {
    before: yield* tally(before, asked),
    after: yield* tally(after, asked),
    actedOn: acted.length,
    fates: yield* fatesOf(acted, { before, after }),
  };
}

const ACTED_AT_ONCE = 500;

/** Alarms of a device are named by the condition and the device. */
function* runAgain(
  acted: readonly ActedOn[],
  { before, after }: PlanDifference,
): Steps<readonly ActedOn[]> {
  const keys = new Set([...before.rules, ...after.rules].map(({ rule }) => rule.episodeKey));
  const own: ActedOn[] = [];
  yield* inParts(acted, ACTED_AT_ONCE, (one) => {
    const { alarm } = one;
    const isOfDevice = (key: string): boolean => alarm.startsWith(`${key}/`);
    if (keys.has(alarm) || [...keys].some(isOfDevice)) own.push(one);
  });
  return own;
}

export function ofMany(found: readonly WhatIf[]): WhatIf {
  return {
    before: summed(found.map(({ before }) => before)),
    after: summed(found.map(({ after }) => after)),
    actedOn: found.reduce((sum, one) => sum + one.actedOn, 0),
    fates: found.flatMap(({ fates }) => fates),
  };
}

/** What stands between a change and its being saved. */
export interface Conditions {
  /** Rules that nobody but a medical lead may touch (safety S7). */
  readonly needsMedicalLead: readonly string[];
  /** An alarm that was acted on would have been as good as missed: a reason, and a second clinician (safety S15). */
  readonly needsSecondClinician: boolean;
}

export function conditionsOf(
  { changes }: Pick<PlanDifference, 'changes'>,
  { fates }: Pick<WhatIf, 'fates'>,
): Conditions {
  const essential = changes.filter(({ isEssential }) => isEssential);
  return {
    needsMedicalLead: essential.map(({ rule }) => rule),
    needsSecondClinician: fates.some(isAsGoodAsMissed),
  };
}

/** For a low alarm nobody runs, and nobody is called. */
function isAsGoodAsMissed({ fate, callsAs }: Fate): boolean {
  return fate === 'missed' || callsAs === 'low';
}
