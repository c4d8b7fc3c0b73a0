/** Protocols of an organisation, who is watched by which, what is otherwise for one patient, and why. */
import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { PATIENT_CATEGORIES } from '@ausculta/vitals/subject';
import { z } from 'zod';

const Iso = z.string();
const Reason = z.string().trim().min(3).max(1000);
const Category = z.enum(PATIENT_CATEGORIES).exclude(['unknown']);
const Scale = z.union([z.literal(1), z.literal(2)]);

/** As packages/rules has it: a detector with its numbers, by its `kind`. */
const Detector = z.looseObject({ kind: z.string() });

/** One rule of a protocol; what it may hold is told by the answer to one that does not. */
export const RuleView = z.object({
  key: z.string(),
  episodeKey: z.string(),
  priority: z.enum(ALARM_PRIORITIES),
  role: z.enum(['alarm', 'shadow', 'part']),
  isEssential: z.literal(true).optional(),
  source: z.string(),
  detector: Detector,
});
export type RuleView = z.infer<typeof RuleView>;

const VersionLine = z.object({
  version: z.number(),
  madeAt: Iso,
  madeBy: z.string().nullable(),
  reason: z.string().nullable(),
});

export const ProtocolView = z.object({
  key: z.string(),
  /** Comes with the server, as a beginning; nobody here has written it. */
  isReady: z.boolean(),
  /** Which version is followed; null while nobody has it. */
  followed: z.number().nullable(),
  versions: z.array(VersionLine),
});
export type ProtocolView = z.infer<typeof ProtocolView>;

/** GET /api/protocols */
export const ProtocolList = z.object({ protocols: z.array(ProtocolView) });
export type ProtocolList = z.infer<typeof ProtocolList>;

/** GET /api/protocols/{key}/versions/{version} */
export const ProtocolVersion = z.object({
  key: z.string(),
  version: z.number(),
  categories: z.array(Category),
  rules: z.array(RuleView),
});
export type ProtocolVersion = z.infer<typeof ProtocolVersion>;

/** POST /api/protocols/{key}/versions: the next version, which is followed from now on. */
export const NewProtocolVersion = z.strictObject({
  categories: z.array(Category).min(1),
  rules: z
    .array(z.looseObject({ key: z.string() }))
    .min(1)
    .max(200),
  reason: Reason,
});
export type NewProtocolVersion = z.infer<typeof NewProtocolVersion>;

/** POST /api/protocols/{key}/followed: an earlier version again, or a later one. */
export const FollowedVersion = z.strictObject({
  version: z.number().int().min(1),
  reason: Reason,
});
export type FollowedVersion = z.infer<typeof FollowedVersion>;

/** POST /api/protocol-assignments: for all who lie in a ward, or all of a category. */
export const NewAssignment = z
  .strictObject({
    protocol: z.string(),
    ward: z.string().trim().min(1).max(200).optional(),
    category: Category.optional(),
  })
  .refine(({ ward, category }) => (ward === undefined) !== (category === undefined), {
    message: 'one of both',
    path: ['ward, category'],
  });
export type NewAssignment = z.infer<typeof NewAssignment>;

/** POST /api/subjects/{id}/protocol; scale 2 where a clinician has set 88–92 % as the target. */
export const NewSubjectAssignment = z.strictObject({
  protocol: z.string(),
  spo2Scale: Scale.default(1),
});
export type NewSubjectAssignment = z.infer<typeof NewSubjectAssignment>;

export const AssignmentView = z.object({
  id: z.string(),
  protocol: z.string(),
  to: z.enum(['subject', 'ward', 'category']),
  /** The ward or the category; null for one patient. */
  name: z.string().nullable(),
  spo2Scale: Scale,
  since: Iso,
});
export type AssignmentView = z.infer<typeof AssignmentView>;

export const AssignmentList = z.object({ assignments: z.array(AssignmentView) });
export type AssignmentList = z.infer<typeof AssignmentList>;

const Change = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('limit'), limit: z.number() }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.number().int().nonnegative() }),
  z.strictObject({ kind: z.literal('off') }),
]);

/** POST /api/subjects/{id}/overrides: for one patient, with a reason, until a moment (safety S15). */
export const NewOverride = z.strictObject({
  rule: z.string(),
  change: Change,
  reason: Reason,
  until: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
});
export type NewOverride = z.infer<typeof NewOverride>;

/** POST …/end of an override or an assignment of one patient. */
export const Ending = z.strictObject({ reason: Reason });
export type Ending = z.infer<typeof Ending>;

export const OverrideView = z.object({
  id: z.string(),
  rule: z.string(),
  change: Change,
  author: z.string(),
  reason: z.string(),
  from: Iso,
  until: Iso,
  /** Why it is not followed, where the protocol has changed since. */
  refused: z.string().nullable(),
});
export type OverrideView = z.infer<typeof OverrideView>;

const Origin = z.discriminatedUnion('from', [
  z.object({ from: z.literal('built-in'), source: z.string() }),
  z.object({
    from: z.literal('protocol'),
    protocol: z.string(),
    version: z.number(),
    source: z.string(),
  }),
  z.object({
    from: z.literal('override'),
    author: z.string(),
    reason: z.string(),
    until: Iso,
  }),
]);
export type OriginView = z.infer<typeof Origin>;

/** GET /api/subjects/{id}/protocol: what watches this patient now, and where each line comes from. */
export const PlanView = z.object({
  protocol: z.object({ key: z.string(), version: z.number() }).nullable(),
  assignment: AssignmentView.nullable(),
  /** Why no line that is made for a category watches. */
  refusal: z.enum(['category-unknown', 'other-category']).nullable(),
  rules: z.array(
    RuleView.extend({
      origin: Origin,
      isOff: z.boolean(),
      /** Silence, electrodes and calls are watched for everybody, with a protocol and without one. */
      isWatchedForAll: z.boolean(),
    }),
  ),
  overrides: z.array(OverrideView),
  /** When an override begins or ends next. */
  changesAt: Iso.nullable(),
});
export type PlanView = z.infer<typeof PlanView>;

/** GET /api/subjects/{id}/alarms/explain?rule=&at=: why a rule did or did not call, at each place where it watches. */
export const AlarmExplanation = z.object({
  rule: z.string(),
  at: Iso,
  places: z.array(
    z.object({
      /** "device/metric", a device, or nothing for the patient as a whole. */
      place: z.string(),
      why: z.string(),
      since: Iso.nullable(),
      /** When the clock alone would raise or end it. */
      due: Iso.nullable(),
      origin: Origin.nullable(),
      evidence: z.array(
        z.object({ at: Iso, value: z.number(), flags: z.number(), part: z.string().nullable() }),
      ),
      /** Of a score: what it comes to, and whether parts of it are missing ("≥ n"). */
      score: z.object({ total: z.number(), isComplete: z.boolean() }).nullable(),
    }),
  ),
});
export type AlarmExplanation = z.infer<typeof AlarmExplanation>;
