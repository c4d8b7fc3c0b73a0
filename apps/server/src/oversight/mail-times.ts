/** When whoever answers for privacy gets the next mail. Pure. */

const MINUTE_MS = 60_000;
/** Whoever gets forty mails reads none. */
const UNUSUAL_EVERY_MS = 60 * MINUTE_MS;
/** The first at once; whoever breaks one after the other fills no mailbox. */
const EMERGENCY_EVERY_MS = MINUTE_MS;
const RETRY_MIN_MS = 2_000;
const RETRY_MAX_MS = 10 * MINUTE_MS;

export interface MailTimes {
  readonly toldMs: number | undefined;
  readonly emergencyToldMs: number | undefined;
  /** Since the last mail that was taken. */
  readonly failures: number;
  readonly failedMs: number;
}

export const NO_MAIL_YET: MailTimes = {
  ...{ toldMs: undefined, emergencyToldMs: undefined },
  ...{ failures: 0, failedMs: 0 },
};

interface Waiting {
  readonly emergencies: readonly unknown[];
  readonly unusual: readonly unknown[];
}

export function isMailDue(times: MailTimes, waiting: Waiting, nowMs: number): boolean {
  const { toldMs, emergencyToldMs, failures, failedMs } = times;
  const pauseMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1));
  if (failures > 0 && !hasPassed(failedMs, pauseMs, nowMs)) return false;
  if (waiting.emergencies.length > 0 && hasPassed(emergencyToldMs, EMERGENCY_EVERY_MS, nowMs))
    return true;
  return waiting.unusual.length > 0 && hasPassed(toldMs, UNUSUAL_EVERY_MS, nowMs);
}

/** Also where the clock was set back since: nobody waits for it to come round again. */
function hasPassed(sinceMs: number | undefined, spanMs: number, nowMs: number): boolean {
  return sinceMs === undefined || nowMs < sinceMs || nowMs >= sinceMs + spanMs;
}
