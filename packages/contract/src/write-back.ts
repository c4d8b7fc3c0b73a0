import { z } from 'zod';

/** POST /api/subjects/{id}/write-back/{destination}: from then on its summaries are sent there. */
export const WriteBackOrder = z.strictObject({
  /** As IANA names it: the zone in which the patient's days are. Without one, the destination's. */
  zone: z.string().max(100).optional(),
  /** The first day that is sent; today unless it is said. */
  from: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional(),
});
export type WriteBackOrder = z.infer<typeof WriteBackOrder>;

/** Why nobody there is taken for the patient: nothing is sent. */
export const UNMATCHED_REASONS = [
  'no-identifier-here',
  'several-identifiers-here',
  'nobody-there',
  'several-there',
  'not-active-there',
  'other-birth-date-there',
  'not-answered-there',
  'not-permitted-there',
] as const;
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number];

/** GET /api/subjects/{id}/write-back. */
export const WriteBackOfSubject = z.object({
  destinations: z.array(
    z.object({
      destination: z.string(),
      state: z.enum(['looking', 'found', 'unmatched', 'withdrawn']),
      reason: z.string().nullable(),
      zone: z.string(),
      from: z.string(),
      /** Who it is there, or was when somebody was found last, as that record refers to it. */
      patient: z.string().nullable(),
      daysWaiting: z.number(),
      daysRefused: z.array(z.object({ day: z.string(), reason: z.string() })),
    }),
  ),
  /** Each sending, the newest first: to whom what was disclosed, and when. */
  disclosures: z.array(
    z.object({
      atMs: z.number(),
      destination: z.string(),
      day: z.string(),
      metrics: z.array(z.string()),
      withdrawn: z.array(z.string()),
    }),
  ),
});
export type WriteBackOfSubject = z.infer<typeof WriteBackOfSubject>;

const Reconciliation = z.object({
  startedAt: z.string(),
  /** Null while it goes on. */
  endedAt: z.string().nullable(),
  /** Why it ended before it was through; null where it did not. */
  problem: z.string().nullable(),
  patients: z.number(),
  /** Summaries that should be there, and what was found of them. */
  checked: z.number(),
  same: z.number(),
  missing: z.number(),
  different: z.number(),
  /** Several there bear the same identifier: somebody there has to take one away. */
  doubled: z.number(),
  /** Days that wait to be sent in any case. */
  waiting: z.number(),
  /** Days that are sent again because of it. */
  sentAgain: z.number(),
});
export type Reconciliation = z.infer<typeof Reconciliation>;

const WriteBackDestination = z.object({
  name: z.string(),
  patients: z.object({ looking: z.number(), found: z.number(), unmatched: z.number() }),
  /** Of those who are not matched, why. */
  unmatched: z.record(z.string(), z.number()),
  daysWaiting: z.number(),
  /** Of those, whose time has come. */
  daysDue: z.number(),
  oldestDay: z.string().nullable(),
  daysRefused: z.number(),
  refusals: z.record(z.string(), z.number()),
  lastSentAt: z.string().nullable(),
  /** Since when nothing arrives, and why; null while all is well. */
  failingSince: z.string().nullable(),
  problem: z.string().nullable(),
  retryAt: z.string().nullable(),
  reconciliation: Reconciliation.nullable(),
});

/** GET /api/write-back: without anything of a patient. */
export const WriteBackStatus = z.object({ destinations: z.array(WriteBackDestination) });
export type WriteBackStatus = z.infer<typeof WriteBackStatus>;

/** POST /api/write-back/{destination}/reconciliation. */
export const ReconciliationOrder = z.strictObject({
  /** Whether what is missing or different is sent again. */
  send: z.boolean().default(false),
});

export const RetryAnswer = z.object({ days: z.number() });
