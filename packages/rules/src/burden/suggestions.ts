/**
 * What a clinician may try in what-if for a rule that makes many alarms. It is a question and no advice: only
 * what-if says what would have been missed, and only a person decides.
 */
import type { Protocol, Rule } from '../protocol/protocol.ts';
import type { Tuning } from '../whatif/tuning.ts';
import type { RuleBurden } from './alarm-burden.ts';

/** Why it is worth a try, or why there is nothing to try. */
export const SUGGESTION_REASONS = [
  'chattering',
  'mostly-short',
  'seldom-acted-on',
  'essential',
  'no-limit',
  'nothing-to-try',
] as const;

export interface Suggestion {
  readonly rule: string;
  readonly why: (typeof SUGGESTION_REASONS)[number];
  readonly try?: Tuning;
}

/** On-delays are for these alone (safety S6), and up to what monitors offer (Philips MP2: 30 s). */
const DELAYED_VITALS = ['spo2', 'resp-rate'];
const DELAYS_MS = [15_000, 30_000];
const SELDOM_PERCENT = 10;
const CHATTERING_SHARE = 0.1;

export function suggestionFor(burden: RuleBurden, protocol: Protocol): Suggestion {
  const rule = protocol.rules.find(({ key }) => key === burden.rule);
  if (rule?.isEssential === true) return { rule: burden.rule, why: 'essential' };
  if (rule?.detector.kind !== 'limit') return { rule: burden.rule, why: 'no-limit' };
  return ofLimit(burden, { ...rule, detector: rule.detector });
}

type LimitRule = Rule & { readonly detector: Extract<Rule['detector'], { kind: 'limit' }> };

function ofLimit(burden: RuleBurden, { key, detector }: LimitRule): Suggestion {
  const { alarms, chattering, medianLengthMs, answers } = burden;
  const { direction, limit, clearance, delayMs } = detector;
  if (chattering > CHATTERING_SHARE * alarms && clearance > 0)
    return { rule: key, why: 'chattering', try: { rule: key, clearance: 2 * clearance } };
  const longer = DELAYS_MS.find((one) => one > delayMs);
  const isDelayed = DELAYED_VITALS.includes(detector.vital);
  if (isDelayed && longer !== undefined && (medianLengthMs ?? longer) <= longer - delayMs)
    return { rule: key, why: 'mostly-short', try: { rule: key, delayMs: longer } };
  const isSeldom = (answers.actedOnPercent ?? 100) < SELDOM_PERCENT;
  if (isSeldom && clearance > 0) {
    const wider = limit + (direction === 'high' ? clearance : -clearance);
    return { rule: key, why: 'seldom-acted-on', try: { rule: key, limit: wider } };
  }
  return { rule: key, why: 'nothing-to-try' };
}
