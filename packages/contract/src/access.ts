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
  /** As the account is called now, and where it is another house's, of which. */
  name: z.string(),
  roles: z.array(z.string()),
  house: z.string().nullable(),
  kind: z.enum(RELATION_KINDS),
  from: z.string(),
  until: z.string().nullable(),
});
export type Relation = z.infer<typeof Relation>;

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
  organisationName: z.string(),
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

/** GET /api/subjects/{id}/team: who treats, is or speaks for a person, and which other houses it is opened to. */
export const RelationList = z.object({ team: z.array(Relation), houses: z.array(Grant) });
export type RelationList = z.infer<typeof RelationList>;

/** GET /api/directory: whom one puts on a care team, and, for whoever may open something to them, other houses. */
export const Directory = z.object({
  people: z.array(z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()) })),
  houses: z.array(z.object({ id: z.string(), name: z.string() })),
});
export type Directory = z.infer<typeof Directory>;

/** What the policy may open of one person. */
export const SUBJECT_ACTS = [
  'read identity',
  'read placement',
  'change placement',
  'read consents',
  'create consents',
  'change consents',
  'read disclosures',
] as const;
export type SubjectAct = (typeof SUBJECT_ACTS)[number];

/** GET /api/me/access/{subject}: what the caller may do of this person; the same of nobody as of somebody closed. */
export const MyAccess = z.object({
  may: z.array(z.enum(SUBJECT_ACTS)),
  /** It is closed to the caller, and their role opens it in an emergency. */
  opensInEmergency: z.boolean(),
});
export type MyAccess = z.infer<typeof MyAccess>;

/** GET /api/me/emergencies: records that the caller has open by emergency access. */
export const MyEmergencies = z.object({
  open: z.array(z.object({ subjectId: z.string(), from: z.string(), until: z.string() })),
});
export type MyEmergencies = z.infer<typeof MyEmergencies>;

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
/** GET /api/broken-glass: with who it was and why; null where the record was erased. */
export const BrokenGlassList = z.object({
  broken: z.array(BrokenGlass.extend({ name: z.string(), reason: z.string().nullable() })),
});
export type BrokenGlassList = z.infer<typeof BrokenGlassList>;

/** POST /api/find-patients: somebody of this house, by a part of the name or by the record number. */
export const PatientWanted = z.strictObject({ wanted: z.string().trim().min(2).max(100) });

/** What tells one person from another, and nothing else; seen by whoever may admit them. */
export const FoundPatients = z.object({
  found: z.array(
    z.object({
      id: z.string(),
      familyName: z.string(),
      givenName: z.string(),
      recordNumber: z.string(),
      birthDate: z.string().optional(),
    }),
  ),
  /** There are more than are told. */
  more: z.boolean(),
});
export type FoundPatients = z.infer<typeof FoundPatients>;
