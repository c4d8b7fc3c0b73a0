import { PACED_STATES, PATIENT_CATEGORIES, SEXES, SUBJECT_KINDS } from '@ausculta/vitals/subject';
import { z } from 'zod';
import { DeviceAbout } from './devices.ts';

/** What names a person; present on every patient screen as two identifiers (name and number). */
const Identity = z.object({
  /** Only where somebody lies is told: the name says the bed, and there is no number. */
  isWithheld: z.literal(true).optional(),
  familyName: z.string(),
  givenName: z.string(),
  birthDate: z.string().optional(),
  sex: z.enum(SEXES),
  recordNumber: z.string(),
  ward: z.string().optional(),
  bed: z.string().optional(),
  invented: z.boolean().optional(),
});

/** Measured by a device in a span, and moved to or from another record: whose that is, is not said. */
export const ReadingsMoved = z.object({
  device: z.string(),
  way: z.enum(['away', 'here']),
  atMs: z.number(),
  fromMs: z.number(),
  untilMs: z.number().nullable(),
});
export type ReadingsMoved = z.infer<typeof ReadingsMoved>;

/** One entry of GET /api/subjects, and GET /api/subjects/{id}. */
export const SubjectView = z.object({
  id: z.string(),
  kind: z.enum(SUBJECT_KINDS),
  category: z.enum(PATIENT_CATEGORIES),
  paced: z.enum(PACED_STATES),
  identity: Identity,
  /** Devices assigned now. */
  devices: z.array(z.object({ id: z.string(), model: z.string() })),
  /** Of the last days, the newest last. */
  readingsMoved: z.array(ReadingsMoved),
  /** 'gone': discharged, or an unknown patient who lies there no more. 'merged': see `mergedInto`. */
  presence: z.enum(['here', 'gone', 'merged']),
  /** For a wall display, which is sent no numbers: whether anything would call here at all. */
  watch: z
    .object({ hasLimits: z.boolean(), signal: z.enum(['never', 'lost', 'present']) })
    .optional(),
  /** The record that goes on for this one, because they are one person's. */
  mergedInto: z.string().optional(),
});
export type SubjectView = z.infer<typeof SubjectView>;

export const SubjectList = z.object({ subjects: z.array(SubjectView) });
export type SubjectList = z.infer<typeof SubjectList>;

/** POST /api/subjects. */
export const NewSubject = z.strictObject({
  kind: z.enum(SUBJECT_KINDS).default('patient'),
  category: z.enum(PATIENT_CATEGORIES).default('unknown'),
  paced: z.enum(PACED_STATES).default('unknown'),
  identity: z.strictObject({
    familyName: z.string().min(1).max(100),
    givenName: z.string().max(100).default(''),
    birthDate: z
      .string()
      .regex(/^\d{4}(-\d{2}(-\d{2})?)?$/)
      .optional(),
    sex: z.enum(SEXES).default('unknown'),
    recordNumber: z.string().max(50).optional(),
    ward: z.string().max(50).optional(),
    bed: z.string().max(20).optional(),
    invented: z.boolean().optional(),
  }),
});
export type NewSubject = z.infer<typeof NewSubject>;

/**
 * POST /api/devices: registers a device and assigns it; null for one that nobody wears, such as a gateway.
 * The token is answered once, here.
 */
export const NewDevice = z.strictObject({
  id: z.string(),
  model: z.string().max(100).default('unknown'),
  subjectId: z.string().nullable(),
  about: DeviceAbout.exactOptional(),
});
export type NewDevice = z.infer<typeof NewDevice>;

export const DeviceCreated = z.object({ id: z.string(), token: z.string() });
export type DeviceCreated = z.infer<typeof DeviceCreated>;

/** POST /api/subjects/{id}/merge: the same person as this other record, which goes on. */
export const SubjectMerge = z.strictObject({ into: z.string() });
