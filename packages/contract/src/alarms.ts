import { ALARM_CONDITIONS, ALARM_END_REASONS, ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { z } from 'zod';

/**
 * An alarm as screens and the command line see it: condition and episode are separate facts. What it is
 * about, a limit, a value out of range or data that have stopped, `alarmSubject` reads from its rule key.
 *
 * Of data that have stopped, what is judged is the silence: `limit` is how long it may last and
 * `openingValue` how long it had lasted when it was told, in seconds; `metric` is one of those lost,
 * `openedMs` the time of the last reading.
 */
export const AlarmView = z.object({
  id: z.string(),
  subjectId: z.string(),
  ruleKey: z.string(),
  metric: z.string(),
  priority: z.enum(ALARM_PRIORITIES),
  /** 'unknown': present when its data stopped coming; neither present nor ended. */
  condition: z.enum(ALARM_CONDITIONS),
  episode: z.enum(['raised', 'acknowledged', 'resolved']),
  direction: z.enum(['high', 'low']),
  limit: z.number(),
  unit: z.string(),
  /** The value that opened it, and the furthest beyond the limit since. */
  openingValue: z.number(),
  extremeValue: z.number(),
  /** Corrected time of the reading that opened it; when it was announced; when the condition ended. */
  openedMs: z.number(),
  raisedMs: z.number(),
  conditionEndedMs: z.number().nullable(),
  /** Why it ended, where no reading has said so. */
  endedBecause: z.enum(ALARM_END_REASONS).optional(),
  /** Since when readings that it rests on are known to be another subject's, and are in that record. */
  movedMs: z.number().optional(),
  /** Of what somebody wrote into the record: no device of this patient has measured it. */
  isWritten: z.literal(true).optional(),
  /** When the condition came back last, before anybody had answered; absent if it has been but once. */
  returnedMs: z.number().optional(),
  acknowledgedMs: z.number().nullable(),
  acknowledgedBy: z.string().nullable(),
  /**
   * Who acknowledged it wants to be called again then, if it is not over. `isCarriedOver`: it was another
   * alarm of the same condition that somebody saw.
   */
  snooze: z
    .object({
      fromMs: z.number(),
      untilMs: z.number(),
      /** The furthest beyond the limit that could be seen then: what goes further calls at once. */
      extremeValue: z.number(),
      reason: z.string(),
      isCarriedOver: z.literal(true).optional(),
    })
    .optional(),
  /** When a snooze of it ended last and it was not over. */
  calledAgainMs: z.number().optional(),
  /** True while raised from memory because the log has stalled (safety S3). */
  notYetStored: z.boolean(),
});
export type AlarmView = z.infer<typeof AlarmView>;

/** GET /api/alarms?state=open|all&subject=ID. */
export const AlarmList = z.object({ alarms: z.array(AlarmView) });
export type AlarmList = z.infer<typeof AlarmList>;

/** The limits in force for one subject: GET /api/subjects/{id}/limits. Empty before a category is known. */
export const LimitView = z.object({
  ruleKey: z.string(),
  vital: z.string(),
  direction: z.enum(['high', 'low']),
  limit: z.number(),
  delayMs: z.number(),
  priority: z.enum(ALARM_PRIORITIES),
  source: z.string(),
});
export type LimitView = z.infer<typeof LimitView>;
export const LimitList = z.object({ limits: z.array(LimitView) });
export type LimitList = z.infer<typeof LimitList>;
