/** What somebody who keeps the audit should look at, and what they have made of it. */
import { z } from 'zod';

export const UNUSUAL_KINDS = [
  'many-records',
  'guarded-record',
  'same-name',
  'off-shift',
  'two-networks',
  'guard-ended',
] as const;
export type UnusualKind = (typeof UNUSUAL_KINDS)[number];

export const OUTCOMES = ['explained', 'followed-up'] as const;

export const UnusualAccess = z.object({
  id: z.string(),
  kind: z.enum(UNUSUAL_KINDS),
  accountId: z.string(),
  /** As the account is called now; null: it is there no more. */
  name: z.string().nullable(),
  /** Null where it is about no single record. */
  subjectId: z.string().nullable(),
  from: z.string(),
  until: z.string(),
  /** Records opened within the hour, and in its usual busy hour; null where nothing is usual yet. */
  records: z.number().int().nullable(),
  usual: z.number().int().nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
});
export type UnusualAccess = z.infer<typeof UnusualAccess>;

/** off: the operator has named nobody · failing: the relay refuses, and it is tried again. */
export const MAIL_STATES = ['off', 'sent', 'waiting', 'failing'] as const;
export type MailState = (typeof MAIL_STATES)[number];

/** GET /api/oversight: unusual access, the newest first; those that nobody has looked at before all others. */
export const Oversight = z.object({
  unusual: z.array(UnusualAccess),
  /** Records whose every look by somebody else is told. */
  guarded: z.array(z.object({ subjectId: z.string(), since: z.string() })),
  mail: z.enum(MAIL_STATES),
  /** Some are waiting beyond those that are listed. */
  more: z.boolean(),
  /** Up to when everything was looked at; null: not since the server began. */
  lookedUntil: z.string().nullable(),
  /** Pieces of the audit in which nothing can be looked for, since the server began. */
  unreadable: z.number().int().min(0),
});
export type Oversight = z.infer<typeof Oversight>;

/** GET /api/oversight/waiting: how much nobody has reviewed yet. */
export const OversightWaiting = z.object({
  emergencies: z.number().int().min(0),
  unusual: z.number().int().min(0),
});
export type OversightWaiting = z.infer<typeof OversightWaiting>;

/** POST /api/oversight/{id}/review */
export const OversightReview = z.strictObject({ outcome: z.enum(OUTCOMES) });
export type OversightReview = z.infer<typeof OversightReview>;
