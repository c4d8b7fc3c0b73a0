import { z } from 'zod';
import { UnreadablePart } from './readings.ts';

const Figures = z.object({
  /** Readings that the figures are of; one-sided ones stand at their bound, and are counted here too. */
  count: z.number(),
  above: z.number(),
  below: z.number(),
  /** Left out: outside of what is plausible. */
  implausible: z.number(),
  mean: z.number(),
  /** Over count - 1; null for a single reading. */
  sd: z.number().nullable(),
  /** 100 sd / mean; null where the mean is not above zero. */
  cvPercent: z.number().nullable(),
  min: z.number(),
  max: z.number(),
  /** Hyndman and Fan's definition 7. */
  percentiles: z.array(z.object({ percent: z.number(), value: z.number() })),
});

/**
 * GET /api/subjects/{id}/statistics?metrics=a,b&from=&to=&zone=&binMinutes=: every reading counts once,
 * however long it held. With `zone` (Europe/Berlin) also by time of day, as the clock on the wall there
 * said it: an hour that comes twice in a night counts as one. Bins without readings are left out.
 */
export const StatisticsAnswer = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  series: z.array(
    z.object({
      metric: z.string(),
      unit: z.string(),
      device: z.string(),
      /** Null when no reading was plausible. */
      figures: Figures.nullable(),
      /** How much neighbours differ: the root mean square of successive differences, over no silence. */
      rmssd: z.number().nullable(),
      byTimeOfDay: z.array(z.object({ fromMinute: z.number(), figures: Figures })),
    }),
  ),
  /** Stored readings that cannot be read, and are in no figure. */
  unreadable: z.array(UnreadablePart),
});
export type StatisticsAnswer = z.infer<typeof StatisticsAnswer>;
