import { z } from 'zod';

/** What an admission system said and was refused, because it contradicts what is known here. */
export const RefusedAdmission = z.object({
  id: z.string(),
  receivedAt: z.string(),
  /** The device that the sender is. */
  sender: z.string(),
  /** admit, transfer, discharge, merge, swap … */
  what: z.string(),
  fault: z.string(),
  /** Which field contradicts what. */
  detail: z.string().nullable(),
  /** Of whom it speaks, in its own words. */
  name: z.string(),
  recordNumber: z.string(),
  /** Their record here; null: nobody has this number. */
  subjectId: z.string().nullable(),
  /** The bed of which it speaks. */
  bed: z.object({ ward: z.string(), bed: z.string() }).nullable(),
  /** Who lies in that bed, as an admission said before. */
  inBed: z.string().nullable(),
});
export type RefusedAdmission = z.infer<typeof RefusedAdmission>;

/** GET /api/admissions/refused: the newest first, until they are settled or three days old. */
export const RefusedAdmissionList = z.object({ refused: z.array(RefusedAdmission) });
export type RefusedAdmissionList = z.infer<typeof RefusedAdmissionList>;
