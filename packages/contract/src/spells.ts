import { z } from 'zod';
import { UnreadablePart } from './readings.ts';

export const SPELL_SUBJECTS_MAX = 1_000;

const Ms = z.number().int().min(-8.64e15).max(8.64e15);

/**
 * POST /api/spells: when of many subjects something held without a break, such as SpO2 below 92 for ten
 * minutes. `below` or `above` is in the catalogue's unit, which the answer repeats; one of them is needed.
 *
 * The time from one reading to the next counts when they lie at most `gapMaxMs` apart: silence ends a spell
 * and never counts. Without `gapMaxMs` it is three intervals of what measures continuously, at least ten
 * seconds; of what is measured now and then it has to be said.
 */
export const SpellQuestion = z
  .strictObject({
    metric: z.string().min(1).max(100),
    below: z.number().optional(),
    above: z.number().optional(),
    atLeastMs: z.number().int().min(0).max(31_622_400_000),
    gapMaxMs: z.number().int().min(1).max(31_622_400_000).optional(),
    fromMs: Ms,
    toMs: Ms,
    /** Without them: of all whom the caller may see. */
    subjects: z.array(z.string().max(100)).max(SPELL_SUBJECTS_MAX).optional(),
  })
  .refine(({ below, above }) => (below === undefined) !== (above === undefined), {
    message: 'one of below and above',
  })
  .refine(({ fromMs, toMs }) => fromMs < toMs, { message: 'fromMs must lie before toMs' });
export type SpellQuestion = z.infer<typeof SpellQuestion>;

export const SPELL_ENDS = ['within', 'silence', 'doubt', 'edge'] as const;

export const SpellView = z.object({
  subjectId: z.string(),
  device: z.string(),
  fromMs: z.number(),
  toMs: z.number(),
  /** It begins with the first reading of what was asked: it may have begun before. */
  fromEdge: z.boolean(),
  /** By a reading within the bound, by silence, by a value that could be either; or it may go on. */
  endedBy: z.enum(SPELL_ENDS),
  readings: z.number(),
  /** The furthest beyond the bound. */
  extreme: z.number(),
  /** Of its readings those that are implausible, questionable or contradicted. */
  doubted: z.number(),
});
export type SpellView = z.infer<typeof SpellView>;

export const SpellAnswer = z.object({
  metric: z.string(),
  unit: z.string(),
  gapMaxMs: z.number(),
  spells: z.array(SpellView),
  /** Subjects of whom there is no reading in this time: not low, and not well either. */
  unmeasured: z.array(z.string()),
  /** Where stored readings cannot be read: what happened there is not known. */
  unreadable: z.array(UnreadablePart.extend({ subjectId: z.string() })),
  /** Those of the question that the caller has no subject of. */
  notFound: z.array(z.string()),
});
export type SpellAnswer = z.infer<typeof SpellAnswer>;
