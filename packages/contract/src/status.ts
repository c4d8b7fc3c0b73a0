import { z } from 'zod';

/** GET /api/status. */
export const Status = z.object({
  version: z.string(),
  startedAt: z.string(),
  now: z.string(),
  ready: z.boolean(),
  parts: z.array(
    z.object({
      name: z.string(),
      ready: z.boolean(),
      detail: z.string(),
      /** It works, and somebody should look after it: what keeps it from being lost does not. */
      attention: z.boolean().optional(),
    }),
  ),
  counts: z.object({
    subjects: z.number(),
    devices: z.number(),
    series: z.number(),
    messagesAccepted: z.number(),
    readingsStored: z.number(),
    parked: z.number(),
    /** Messages since start for which nothing was kept: their device had parked its quota. */
    parkedBeyondQuota: z.number(),
    alarmsOpen: z.number(),
  }),
});
export type Status = z.infer<typeof Status>;
