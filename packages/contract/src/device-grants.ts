/** Which device may hear what another one measures. */
import { z } from 'zod';

const Iso = z.string();
const Data = z.enum(['vitals', 'events']);

/** POST /api/devices/{id}/grants: whom this device's stream is opened to, of who wears it now. */
export const NewDeviceGrant = z.strictObject({
  to: z.string(),
  data: z.array(Data).min(1).max(2),
  until: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
});
export type NewDeviceGrant = z.infer<typeof NewDeviceGrant>;

export const DeviceGrantView = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  /** Null for whoever may not see who it is. */
  subjectId: z.string().nullable(),
  data: z.array(Data),
  since: Iso,
  until: Iso,
});
export type DeviceGrantView = z.infer<typeof DeviceGrantView>;

/** GET /api/devices/{id}/grants: in force, from it or to it. */
export const DeviceGrantList = z.object({ grants: z.array(DeviceGrantView) });
export type DeviceGrantList = z.infer<typeof DeviceGrantList>;
