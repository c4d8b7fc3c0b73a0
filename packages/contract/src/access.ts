import { z } from 'zod';

/** Milliseconds since 1970. */
const Moment = z.number().int().min(0).max(8_640_000_000_000_000);

export const RELATION_KINDS = ['self', 'proxy', 'care-team', 'programme'] as const;

/** POST /api/subjects/{id}/team: how an account stands to this person from now on. */
export const NewRelation = z.strictObject({
  accountId: z.uuid(),
  kind: z.enum(RELATION_KINDS),
  /** Undefined: until it is ended. */
  until: Moment.optional(),
});
export type NewRelation = z.infer<typeof NewRelation>;

export const Relation = z.object({
  accountId: z.string(),
  kind: z.enum(RELATION_KINDS),
  from: z.string(),
  until: z.string().nullable(),
});
export type Relation = z.infer<typeof Relation>;
export const RelationList = z.object({ team: z.array(Relation) });
export type RelationList = z.infer<typeof RelationList>;

/** POST /api/shifts: where an account is on shift. */
export const NewShift = z.strictObject({
  accountId: z.uuid(),
  /** The ward; null: wherever somebody lies, and at home. */
  unit: z.string().min(1).max(200).nullable(),
  from: Moment.optional(),
  until: Moment.optional(),
});
export type NewShift = z.infer<typeof NewShift>;

export const Shift = z.object({
  id: z.string(),
  accountId: z.string(),
  unit: z.string().nullable(),
  from: z.string(),
  until: z.string().nullable(),
});
export type Shift = z.infer<typeof Shift>;

/** POST /api/grants: what this organisation opens to another; the words are those of the policy. */
export const NewGrant = z.strictObject({
  organisationId: z.uuid(),
  /** Only this account of theirs; undefined: whoever their relations open it to. */
  accountId: z.uuid().optional(),
  /** Only this person; undefined: everybody. */
  subjectId: z.uuid().optional(),
  /** Only one stay of this person: what names it, and what was measured in its time. */
  encounterId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  dataClasses: z.array(z.string().max(40)).min(1).max(40),
  actions: z.array(z.string().max(40)).min(1).max(20),
  purposes: z.array(z.string().max(20)).min(1).max(20),
  from: Moment.optional(),
  until: Moment,
  onward: z.enum(['none', 'same-purpose']).default('none'),
});
export type NewGrant = z.infer<typeof NewGrant>;

export const Grant = z.object({
  id: z.string(),
  organisationId: z.string(),
  accountId: z.string().nullable(),
  subjectId: z.string().nullable(),
  encounterId: z.string().nullable(),
  dataClasses: z.array(z.string()),
  actions: z.array(z.string()),
  purposes: z.array(z.string()),
  from: z.string(),
  until: z.string(),
  onward: z.string(),
});
export type Grant = z.infer<typeof Grant>;
export const GrantList = z.object({ grants: z.array(Grant) });
export type GrantList = z.infer<typeof GrantList>;

/** POST /api/subjects/{id}/break-glass: emergency access, for whoever treats and stands in no other relation. */
export const BreakGlass = z.strictObject({
  reason: z.string().min(10).max(1000),
  /** How long it lasts at most. */
  minutes: z.number().int().min(1).max(240).default(60),
});
export type BreakGlass = z.infer<typeof BreakGlass>;

export const BrokenGlass = z.object({
  id: z.string(),
  subjectId: z.string(),
  accountId: z.string(),
  from: z.string(),
  until: z.string(),
  reviewed: z.boolean(),
});
export type BrokenGlass = z.infer<typeof BrokenGlass>;
export const BrokenGlassList = z.object({ broken: z.array(BrokenGlass) });
export type BrokenGlassList = z.infer<typeof BrokenGlassList>;
