/** Who is called for an alarm beyond the screens, and what became of it. */
import { z } from 'zod';

/**
 * nobody: no policy was written, so that nobody is called beyond screens · calling: by the policy.
 */
export const CALLING_STATES = ['nobody', 'calling'] as const;

/** Whether what a channel does proves that a person has heard of it (safety S10). */
export const PROOFS = ['key-press', 'information-only'] as const;

export const CallChannelView = z.object({
  /** 'mail' or 'gateway/…'. */
  channel: z.string(),
  proof: z.enum(PROOFS),
  /** Why nobody can be called by it now; null: somebody can. */
  whyNot: z.string().nullable(),
});

/** GET /api/calling */
export const CallingView = z.object({
  state: z.enum(CALLING_STATES),
  /** In words, for every screen. */
  words: z.string(),
  version: z.number().int().nullable(),
  /** As it was written; null: there is none. */
  policy: z.unknown(),
  channels: z.array(CallChannelView),
  /** What in the policy somebody should look at, in words. */
  doubts: z.array(z.string()),
  /** What was sent of owed alarms and was not taken. */
  untaken: z.number().int(),
  /** Owed alarms of which no tier that was called reaches anybody. */
  unreached: z.number().int(),
});
export type CallingView = z.infer<typeof CallingView>;

/** PUT /api/calling/policy: the policy itself; a fault names the place in it. */
export const PolicyWritten = z.object({ version: z.number().int(), doubts: z.array(z.string()) });
export type PolicyWritten = z.infer<typeof PolicyWritten>;

const Duty = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is small letters, digits and hyphens');

export const TurnView = z.object({
  id: z.string(),
  accountId: z.string(),
  name: z.string(),
  duty: z.string(),
  /** Null: everywhere. */
  unit: z.string().nullable(),
  from: z.string(),
  until: z.string().nullable(),
  isMine: z.boolean(),
  /** Whether a tier that calls the duty has a channel by which this person is reached. */
  isReached: z.boolean(),
  /** Whether a shift opens them the alarms there: without one they are called, and can only tell somebody. */
  hasShift: z.boolean(),
});
export type TurnView = z.infer<typeof TurnView>;

/** GET /api/roster: who is on now, and for which duties of the policy nobody is. */
export const Roster = z.object({
  turns: z.array(TurnView),
  duties: z.array(z.string()),
  empty: z.array(z.string()),
  /** Where the policy calls a duty that nobody there is on for; unit null: wherever it names no ward. */
  emptyAt: z.array(z.object({ duty: z.string(), unit: z.string().nullable() })),
});
export type Roster = z.infer<typeof Roster>;

/** POST /api/roster: "I am on", and whose turn ends with it. */
export const NewTurn = z.strictObject({
  duty: Duty,
  unit: z.string().trim().min(1).max(50).nullable().default(null),
  until: z.iso.datetime().nullable().default(null),
  /** The turn that is taken over; it ends as this one begins. */
  after: z.uuid().optional(),
});
export type NewTurn = z.infer<typeof NewTurn>;

/** POST /api/roster/{id}/end: `even` where nobody else is on for it. */
export const TurnEnd = z.strictObject({ even: z.literal('nobody').optional() });
export type TurnEnd = z.infer<typeof TurnEnd>;

/** GET and PUT /api/me/calling: a number is what the house's gateways call. */
export const CallAddresses = z.strictObject({
  mail: z.email().max(254).nullable(),
  number: z
    .string()
    .regex(/^\+?[0-9][0-9 ()/-]{2,30}$/, 'is no number')
    .nullable(),
});
export type CallAddresses = z.infer<typeof CallAddresses>;

/** POST /api/me/calling/test: what each channel said. */
export const CallTest = z.object({
  tried: z.array(z.object({ channel: z.string(), ok: z.boolean(), why: z.string().nullable() })),
});
export type CallTest = z.infer<typeof CallTest>;

export const NotificationView = z.object({
  id: z.string(),
  alarmId: z.string(),
  subjectId: z.string(),
  tier: z.number().int(),
  round: z.number().int(),
  /** 'account/…' or 'house'. */
  recipient: z.string(),
  /** As the account is called now. */
  name: z.string().nullable(),
  channel: z.string(),
  proof: z.enum(PROOFS),
  /**
   * sent: handed on, which proves nobody · refused: it will never be taken · superseded: a later round says the
   * same · stopped: the alarm was answered before it was sent.
   */
  state: z.enum(['waiting', 'sent', 'refused', 'superseded', 'stopped']),
  made: z.string(),
  /** When it is tried again. */
  next: z.string().nullable(),
  attempts: z.number().int(),
  /** Why it was not taken last, without a name or a value. */
  fault: z.string().nullable(),
  sent: z.string().nullable(),
  seen: z.string().nullable(),
  /** A person has pressed a key. */
  answered: z.string().nullable(),
});
export type NotificationView = z.infer<typeof NotificationView>;

/** GET /api/alarms/{id}/calls?subject=…: the newest first. */
export const CallTimeline = z.object({
  alarmId: z.string(),
  subjectId: z.string(),
  /** Whether a person still has to acknowledge it. */
  isOwed: z.boolean(),
  /** Since when no tier that was called reaches anybody; null: some do, or none was called yet. */
  unreachedSince: z.string().nullable(),
  life: z.array(z.object({ what: z.string(), at: z.string() })),
  notifications: z.array(NotificationView),
});
export type CallTimeline = z.infer<typeof CallTimeline>;

/** GET /api/calls/untaken */
export const UntakenList = z.object({ notifications: z.array(NotificationView) });
export type UntakenList = z.infer<typeof UntakenList>;

/** POST /api/calls/{id}/opened: which alarm a link leads to; who was called has seen it. */
export const CallLed = z.object({ alarmId: z.string(), subjectId: z.string() });
export type CallLed = z.infer<typeof CallLed>;

/** POST /api/calls/{id}/answer: by a gateway whose person has pressed a key. */
export const CallAnswer = z.strictObject({ token: z.string().min(1).max(100) });
export type CallAnswer = z.infer<typeof CallAnswer>;

export const CallAnswered = z.object({
  /** False: what was called for is owed no more. */
  isOwed: z.boolean(),
  /** Until when nobody else is called; the alarm is owed until it is acknowledged at a screen. */
  heldUntil: z.string().nullable(),
});
export type CallAnswered = z.infer<typeof CallAnswered>;
