import { RequestRefused } from '../api/client.ts';

/** Why an alarm was not acknowledged, where the alarm stands; "try again" only where that may help. */
export function refusedText(error: unknown): string {
  if (!(error instanceof RequestRefused)) return 'Not acknowledged: try again';
  if (error.fault === 'SESSION_LOCKED') return 'Not acknowledged: unlock the screen';
  if (error.status === 0) return 'Not acknowledged: no connection, try again';
  if (error.status === 401) return 'Not acknowledged: sign in again';
  if (error.status === 403) return 'Not acknowledged: for others to answer';
  if (error.status === 404) return 'Not acknowledged: no longer open here';
  return 'Not acknowledged: try again';
}
