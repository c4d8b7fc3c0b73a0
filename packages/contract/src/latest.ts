import { z } from 'zod';

export const LATEST_SUBJECTS_MAX = 10_000;
export const LATEST_METRICS_MAX = 32;

/**
 * POST /api/latest: the last reading of each metric of many subjects. Without `subjects`: of all whom the
 * caller may see. It asks rather than changes; ten thousand ids do not fit into an address.
 */
export const LatestQuestion = z.strictObject({
  metrics: z.array(z.string().min(1).max(100)).min(1).max(LATEST_METRICS_MAX),
  subjects: z.array(z.string().max(100)).max(LATEST_SUBJECTS_MAX).optional(),
});
export type LatestQuestion = z.infer<typeof LatestQuestion>;

/**
 * One row a subject and metric that has a reading, as columns. Of several devices the one that measured
 * last is answered, and named: `subject`, `metric` and `device` are indexes into the lists. How old a
 * reading is, is the answer's `nowMs` less its time: nothing here says that it still holds.
 */
export const Latest = z.object({
  nowMs: z.number(),
  subjects: z.array(z.string()),
  metrics: z.array(z.object({ key: z.string(), unit: z.string() })),
  devices: z.array(z.string()),
  subject: z.array(z.number()),
  metric: z.array(z.number()),
  device: z.array(z.number()),
  /** The corrected, measured time. */
  timesMs: z.array(z.number()),
  /** The device's own. */
  stampsMs: z.array(z.number()),
  values: z.array(z.number()),
  /** A bitwise combination of FLAG (packages/vitals). */
  flags: z.array(z.number()),
  /** Those of the question that the caller has no subject of. */
  notFound: z.array(z.string()),
});
export type Latest = z.infer<typeof Latest>;
