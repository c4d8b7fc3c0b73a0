import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { z } from 'zod';
import { CountsByPriority, RuleTuning } from './alarm-statistics.ts';
import { UnreadablePart } from './readings.ts';

export const WHAT_IF_SUBJECTS_MAX = 200;
/** A quarter. */
const SPAN_MAX_MS = 92 * 86_400_000;
const TUNINGS_MAX = 50;

const Ms = z.number().int().min(-8.64e15).max(8.64e15);

/**
 * POST /api/what-if: what a change of alarms would have done over stored history. It asks, and changes
 * nothing. `before` is a protocol, or the ready one of a ward; `after` is a protocol, or `tune` says which
 * lines of `before` are otherwise.
 */
export const WhatIfQuestion = z
  .strictObject({
    /** Without them: of all whom the caller may see, or of those who lie on `ward` now. */
    subjects: z.array(z.string().max(100)).min(1).max(WHAT_IF_SUBJECTS_MAX).optional(),
    ward: z.string().min(1).max(50).optional(),
    fromMs: Ms,
    toMs: Ms,
    before: z.record(z.string(), z.unknown()).optional(),
    after: z.record(z.string(), z.unknown()).optional(),
    tune: z.array(RuleTuning).min(1).max(TUNINGS_MAX).optional(),
    /** As IANA names it, for the hours of the day; without it the house's own. */
    zone: z.string().max(100).optional(),
  })
  .refine(({ after, tune }) => (after === undefined) !== (tune === undefined), {
    message: 'one of after and tune',
  })
  .refine(({ subjects, ward }) => subjects === undefined || ward === undefined, {
    message: 'one of subjects and ward',
  })
  .refine(({ fromMs, toMs }) => fromMs < toMs && toMs - fromMs <= SPAN_MAX_MS, {
    message: 'fromMs must lie before toMs, by 92 days at most',
  });
export type WhatIfQuestion = z.infer<typeof WhatIfQuestion>;

const Tally = z.object({
  total: z.number(),
  byPriority: CountsByPriority,
  /** By the hour of the day in which they would have been raised: 24. */
  byHour: z.array(CountsByPriority),
});

export const WhatIfAnswer = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  changes: z.array(
    z.object({
      rule: z.string(),
      kind: z.enum(['added', 'removed', 'changed']),
      isEssential: z.boolean(),
    }),
  ),
  /** Rules that differ and cannot be asked of what is stored. */
  notReplayed: z.array(z.string()),
  /** Of whom history was run. */
  patients: z.number(),
  /** Of the rules that differ, and of others of their conditions; all else is as it was. */
  before: Tally,
  after: Tally,
  /** Alarms of these conditions that somebody has acknowledged. */
  actedOn: z.number(),
  /** Those that would not have called by then, or at a lesser priority. */
  fates: z.array(
    z.object({
      subjectId: z.string(),
      alarm: z.string(),
      priority: z.enum(ALARM_PRIORITIES),
      openedMs: z.number(),
      actedMs: z.number(),
      fate: z.enum(['missed', 'lowered']),
      /** Of a missed one that would have called later: when. */
      callsMs: z.number().optional(),
      /** Of a lowered one: as what it would have called. */
      callsAs: z.enum(ALARM_PRIORITIES).optional(),
      /** False: `before` does not give it from what is stored, so nobody knows what the change does to it. */
      isReproduced: z.boolean(),
    }),
  ),
  /** Saving it takes a reason and a second clinician (safety S15). */
  needsSecondClinician: z.boolean(),
  readings: z.number(),
  /** How many of them had to be shown to a detector. */
  shown: z.number(),
  /** Of whom nothing was run, and why: no limits for this category, or kept back by the person. */
  leftOut: z.array(
    z.object({
      subjectId: z.string(),
      why: z.enum(['category-unknown', 'other-category', 'kept-back']),
    }),
  ),
  unreadable: z.array(UnreadablePart.extend({ subjectId: z.string() })),
  notFound: z.array(z.string()),
});
export type WhatIfAnswer = z.infer<typeof WhatIfAnswer>;
