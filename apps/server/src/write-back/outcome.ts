/** What an answer of a destination means for what was asked. Pure. */
import type { Reply } from '../outgoing/outgoing.ts';

/**
 * away: nothing can be sent there now, and everything waits · failed: this one was not taken, another may
 * be · refused: it will not be taken as it is, and somebody has to look.
 */
export type Outcome =
  | { readonly kind: 'taken'; readonly text: string }
  | {
      readonly kind: 'away';
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
      /** Our credentials are to be asked for anew. */
      readonly isUnknown: boolean;
      /** It may be of what was sent: whether others are taken will tell. */
      readonly mayBeOfOne: boolean;
    }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

const AWAY = [408, 425, 429, 502, 503, 504];
/** Of the address or of our right to be there, and not of what was sent, unless others are taken. */
const MISPLACED = [403, 404, 405];
const OF_ONE = { day: [403, 404], search: [403], token: [] } as const;

/** A search that is not there at all is so for everybody; a record may be gone, or closed to us. */
export type AskedFor = keyof typeof OF_ONE;
const RETRY_AFTER_MAX_MS = 24 * 3_600_000;

export function outcomeOf(reply: Reply, askedFor: AskedFor, nowMs: number): Outcome {
  if (reply.kind === 'none') return away(reply.reason);
  const { status, text } = reply;
  if (status >= 200 && status < 300) return { kind: 'taken', text };
  if (status < 400) return away(`it answers ${status} and is not followed elsewhere`);
  if (status === 401) return { ...away('it does not take our credentials (401)'), isUnknown: true };
  if (AWAY.includes(status))
    return { ...away(`it answers ${status}`), retryAfterMs: retryAfterMs(reply.retryAfter, nowMs) };
  if (MISPLACED.includes(status)) {
    const reason = `it answers ${status}: see its url and our rights`;
    return { ...away(reason), mayBeOfOne: OF_ONE[askedFor].some((one: number) => one === status) };
  }
  if (status >= 500 || status === 409) return { kind: 'failed', reason: `answered ${status}` };
  return { kind: 'refused', reason: `answered ${status}${issuesIn(text)}` };
}

export function away(reason: string): Extract<Outcome, { kind: 'away' }> {
  return { kind: 'away', reason, retryAfterMs: undefined, isUnknown: false, mayBeOfOne: false };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const isSeconds = /^\d{1,9}$/.test(header);
  const afterMs = isSeconds ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(afterMs) ? Math.min(Math.max(afterMs, 0), RETRY_AFTER_MAX_MS) : undefined;
}

/** The codes of an OperationOutcome; its words may quote what was sent, and are kept from every log. */
export function issuesIn(text: string): string {
  const codes = (jsonOf(text) as { issue?: unknown } | undefined)?.issue;
  if (!Array.isArray(codes)) return '';
  const known = codes
    .map((issue) => (issue as { code?: unknown } | null)?.code)
    .filter((code) => typeof code === 'string' && /^[a-z-]{1,30}$/.test(code));
  return known.length === 0 ? '' : ` (${[...new Set(known)].slice(0, 3).join(', ')})`;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FIRST_DELAY_MS = 1_000;
const DELAY_MAX_MS = 15 * 60_000;

/** Twice as long each time, never all at once; `chance` is from 0 to 1. As long as it asks for, at least. */
export function delayMs(
  failures: number,
  { chance, atLeastMs = 0 }: { readonly chance: number; readonly atLeastMs?: number | undefined },
): number {
  const whole = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 20), DELAY_MAX_MS);
  const jittered = Math.round(whole * (0.5 + chance / 2));
  return atLeastMs === 0 ? jittered : atLeastMs + jittered;
}
