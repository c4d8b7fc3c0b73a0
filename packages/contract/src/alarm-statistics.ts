import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { z } from 'zod';

export const CountsByPriority = z.object({ high: z.number(), medium: z.number(), low: z.number() });

const Answers = z.object({
  acknowledged: z.number(),
  /** Acknowledged while the condition lasted. */
  actedOn: z.number(),
  /** Of all alarms; null where there is none. */
  actedOnPercent: z.number().nullable(),
  /** From the call to the answer; null where nobody has answered. */
  medianMs: z.number().nullable(),
  p90Ms: z.number().nullable(),
});

/** A line of a rule as somebody tries it; what is not named stays as it is. */
export const RuleTuning = z.strictObject({
  rule: z.string().min(1).max(100),
  limit: z.number().optional(),
  delayMs: z.number().int().nonnegative().optional(),
  clearance: z.number().nonnegative().optional(),
  priority: z.enum(ALARM_PRIORITIES).optional(),
});

/**
 * GET /api/alarm-statistics?from=&to=&ward=: counts of the alarms that were raised in this time about patients
 * whose alarms the caller may see. With `ward` about those who lie there now. Nobody is named.
 */
export const AlarmStatistics = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** Whose alarms were counted. */
  patients: z.number(),
  /** For how long they wore a device, all together. */
  patientDays: z.number(),
  alarms: z.number(),
  byPriority: CountsByPriority,
  perPatientDay: z.number().nullable(),
  answers: Answers,
  /** IEC 62682: from ten alarms within ten minutes until fewer than five are. */
  floods: z.array(z.object({ fromMs: z.number(), untilMs: z.number(), alarms: z.number() })),
  floodPercent: z.number(),
  worstTenMinutes: z.number(),
  /** One of three of the same rule and patient within a minute. */
  chattering: z.number(),
  /** Lasting for more than a day. */
  stale: z.number(),
  /** The most frequent first. */
  rules: z.array(
    z.object({
      rule: z.string(),
      alarms: z.number(),
      loadPercent: z.number(),
      patients: z.number(),
      answers: Answers,
      chattering: z.number(),
      medianLengthMs: z.number().nullable(),
    }),
  ),
  /** Of the ten rules that make most alarms: what may be tried with POST /api/what-if, and why; no advice. */
  worst: z.array(z.object({ rule: z.string(), why: z.string(), try: RuleTuning.optional() })),
});
export type AlarmStatistics = z.infer<typeof AlarmStatistics>;
