/** What is to be done for a subscription next. Pure: what is known of it, and now. */
import type { Plan } from './asked.ts';
import type { SubscriptionStatus } from './store.ts';

/** How far a subscription is. */
export interface Standing {
  readonly status: SubscriptionStatus;
  readonly lastEvent: number;
  readonly delivered: number;
  /** Since when nothing arrives; undefined while everything does. */
  readonly failingSinceMs: number | undefined;
  /** When it was last tried in vain, since this start. */
  readonly failedMs: number | undefined;
  readonly retryAtMs: number;
  readonly lastSentMs: number;
}

export type Step = 'handshake' | 'events' | 'heartbeat' | 'last-word' | 'give-up' | 'end';

interface NextPorts {
  readonly nowMs: number;
  readonly giveUpMs: number;
  /** Whoever asked for it may see nothing of it any more. */
  readonly hasEnded: boolean;
}

export function nextStep(
  standing: Standing,
  plan: Pick<Plan, 'channel' | 'heartbeatMs' | 'untilMs'>,
  { nowMs, giveUpMs, hasEnded }: NextPorts,
): Step | undefined {
  const { status, failingSinceMs, failedMs } = standing;
  if (status === 'off' || status === 'error') return undefined;
  if (plan.untilMs !== undefined && nowMs >= plan.untilMs) return 'end';
  if (hasEnded) return nowMs >= standing.retryAtMs ? 'last-word' : undefined;
  const hasFailedLong =
    failingSinceMs !== undefined && (failedMs ?? 0) - failingSinceMs >= giveUpMs;
  if (status === 'requested' && !hasFailedLong)
    return nowMs >= standing.retryAtMs ? 'handshake' : undefined;
  if (plan.channel.kind === 'websocket') return undefined;
  // After a long time in which this server was off, somebody has to have tried.
  if (hasFailedLong) return 'give-up';
  if (nowMs < standing.retryAtMs) return undefined;
  if (plan.channel.kind === 'email' && nowMs - standing.lastSentMs < MAIL_PAUSE_MS)
    return undefined;
  if (standing.delivered < standing.lastEvent) return 'events';
  const { heartbeatMs } = plan;
  return heartbeatMs !== undefined && nowMs - standing.lastSentMs >= heartbeatMs
    ? 'heartbeat'
    : undefined;
}

/** Nobody's inbox is flooded: what happens meanwhile is in the next mail. */
export const MAIL_PAUSE_MS = 60_000;

const FIRST_DELAY_MS = 500;
const DELAY_MAX_MS = 5 * 60_000;

/** Twice as long each time, and not all subscribers of one endpoint at once; `chance` is from 0 to 1. */
export function retryDelayMs(failures: number, chance: number): number {
  const whole = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 20), DELAY_MAX_MS);
  return Math.round(whole * (0.5 + chance / 2));
}
