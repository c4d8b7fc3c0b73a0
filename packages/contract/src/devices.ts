import { DEVICE_KINDS } from '@ausculta/vitals/device';
import { z } from 'zod';

const Iso = z.string();

/** Who wore a device when: [from, until) of corrected time, open while until is null. */
export const WornSpan = z.object({ subjectId: z.string(), from: Iso, until: Iso.nullable() });
export type WornSpan = z.infer<typeof WornSpan>;

/** A span that is another subject's than was thought, and how far its readings have come. */
export const ReattributionView = z.object({
  id: z.string(),
  device: z.string(),
  /** Null for whoever may not see who it is. */
  fromSubjectId: z.string().nullable(),
  toSubjectId: z.string().nullable(),
  from: Iso,
  until: Iso.nullable(),
  orderedAt: Iso,
  /** 'moving': nobody is shown what has not arrived yet. 'telling': all is there, alarms follow. */
  stage: z.enum(['moving', 'telling', 'done']),
  /** Readings, samples and events that have arrived. */
  valuesMoved: z.number(),
});
export type ReattributionView = z.infer<typeof ReattributionView>;

const Text = z.string().min(1).max(100);

/** POST /api/devices/{id}/about, and part of POST /api/devices: what is left out is not known. */
export const DeviceAbout = z.strictObject({
  /** By which guide FHIR tells what it measures: that of personal health devices, or of the point of care. */
  kind: z.enum(DEVICE_KINDS).exactOptional(),
  manufacturer: Text.exactOptional(),
  serialNumber: Text.exactOptional(),
  /** EUI-64: sixteen hexadecimal digits, with or without hyphens or colons between pairs. */
  systemId: z
    .string()
    .regex(/^[0-9a-f]{2}(?:[-:]?[0-9a-f]{2}){7}$/i)
    .transform((text) => text.replace(/[-:]/g, '').toUpperCase())
    .exactOptional(),
});
export type DeviceAbout = z.infer<typeof DeviceAbout>;

/** One entry of GET /api/devices. */
export const DeviceSummary = z.object({
  id: z.string(),
  model: z.string(),
  isDisabled: z.boolean(),
  about: DeviceAbout,
  /** Whether somebody wears it now, whom the caller may see or not. */
  isWorn: z.boolean(),
  /** Who wears it now; null: nobody, or somebody whom the caller may not see. */
  wornBy: z.string().nullable(),
  wornSince: Iso.nullable(),
});
export type DeviceSummary = z.infer<typeof DeviceSummary>;

export const DeviceList = z.object({ devices: z.array(DeviceSummary) });
export type DeviceList = z.infer<typeof DeviceList>;

/** GET /api/devices/{id}, and the answer to every act upon who wears it. */
export const DeviceView = DeviceSummary.extend({
  /** The bed at which it stands, as it said last, and who was admitted there; null: it has not said. */
  standsAt: z
    .object({ ward: z.string(), bed: z.string(), admitted: z.string().nullable() })
    .nullable(),
  worn: z.array(WornSpan),
  reattributions: z.array(ReattributionView),
});
export type DeviceView = z.infer<typeof DeviceView>;

const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** POST /api/devices/{id}/assignment: from then on, now unless said otherwise, this subject wears it. */
export const DeviceAssignment = z.strictObject({ subjectId: z.string(), from: Time.optional() });

/** POST /api/devices/{id}/unassignment: from then on, now unless said otherwise, nobody wears it. */
export const DeviceUnassignment = z.strictObject({ at: Time.optional() });

/**
 * POST /api/devices/{id}/correction: in [from, until) it was this subject who wore it, whatever was
 * thought; null: somebody unknown, for whom a provisional subject is made.
 */
export const DeviceCorrection = z.strictObject({
  subjectId: z.string().nullable(),
  from: Time,
  until: Time.nullable(),
});
