import type { Eligibility } from '@ausculta/clinical/scores/eligibility';
import { isOfSurroundings, metricsOfVital } from '@ausculta/vitals/lookup';
import type { ZoneOffsets } from '../detectors/zone.ts';
import { isWider, uncovered } from './built-in.ts';
import { callsHigh, type Detector, limitProblem, type Protocol, type Rule } from './protocol.ts';

/**
 * What watches a patient at a moment: the protocol, with the overrides that a clinician has made for this
 * patient and that are in force. It says of each rule where its line comes from.
 */
export interface Patient extends Eligibility {
  /** 2 only where a clinician has set 88–92 % as the target. */
  readonly spo2Scale: 1 | 2;
  readonly zone: ZoneOffsets;
}

/** Who needs one for longer makes it again, having looked, or writes a protocol that says so. */
export const OVERRIDE_DAYS_MAX = 31;
const OVERRIDE_MAX_MS = OVERRIDE_DAYS_MAX * 86_400_000;

/**
 * A delay is a silence, and what calls at high is silent no longer than a paused sound is (safety S11): a
 * longer delay would be a rule that is switched off, and does not say so.
 */
const HIGH_DELAY_MAX_MS = 120_000;

/** For one patient, by somebody, for a reason, until a moment: never for ever. */
export interface Override {
  readonly ruleKey: string;
  readonly change:
    | { readonly kind: 'limit'; readonly limit: number }
    | { readonly kind: 'delay'; readonly delayMs: number }
    | { readonly kind: 'off' };
  readonly author: string;
  readonly reason: string;
  readonly fromMs: number;
  /** It holds until just before. */
  readonly untilMs: number;
}

export type Origin =
  /** Watches whoever has no protocol, and whoever has one that says nothing of it. */
  | { readonly from: 'built-in'; readonly source: string }
  | {
      readonly from: 'protocol';
      readonly protocol: string;
      readonly version: number;
      readonly source: string;
    }
  | {
      readonly from: 'override';
      readonly author: string;
      readonly reason: string;
      readonly untilMs: number;
    };

export interface PlannedRule {
  readonly rule: Rule;
  readonly origin: Origin;
  /** Switched off for this patient: it judges nothing until the override is over. */
  readonly isOff: boolean;
}

export interface Plan {
  readonly patient: Patient;
  readonly rules: readonly PlannedRule[];
  /** Why nothing that is made for a category watches. */
  readonly refusal?: 'category-unknown' | 'other-category';
  /** Overrides that are not followed, and why. */
  readonly refused: readonly { readonly override: Override; readonly why: OverrideRefusal }[];
  /** When an override begins or ends next; the plan has to be made again then. */
  readonly changesAtMs?: number;
}

export type OverrideRefusal =
  | 'no-such-rule'
  | 'no-author'
  | 'no-reason'
  | 'no-expiry'
  | 'too-long'
  | 'does-not-fit'
  | 'never-off'
  | 'never-wider';

export interface Assigned {
  readonly protocol: Protocol;
  readonly patient: Patient;
  readonly overrides: readonly Override[];
  /** Limits that hold where the protocol has none of its own. */
  readonly builtIn?: readonly Rule[];
}

export function planAt(assigned: Assigned, nowMs: number): Plan {
  const { protocol, patient, overrides } = assigned;
  const refusal = refusalOf(protocol, patient);
  const rules = rulesOf(assigned);
  const judged = overrides.map((override) => ({ override, why: whyRefused(override, assigned) }));
  const followed = judged.filter(({ why }) => why === undefined).map(({ override }) => override);
  const inForce = followed.filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  const refused = judged.flatMap(({ override, why }) =>
    why === undefined ? [] : [{ override, why }],
  );
  const plan = {
    patient,
    rules: [
      ...rules.own.map((rule) => planned(rule, originIn(protocol, rule), inForce)),
      ...rules.builtIn.map((rule) => planned(rule, builtInOrigin(rule), inForce)),
    ],
    ...(refusal !== undefined && { refusal }),
    refused,
  };
  const changes = followed.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
  const next = changes.filter((atMs) => atMs > nowMs);
  return next.length === 0 ? plan : { ...plan, changesAtMs: Math.min(...next) };
}

interface Rules {
  readonly own: readonly Rule[];
  readonly builtIn: readonly Rule[];
}

/** What watches this patient, before any override. */
function rulesOf({ protocol, patient, builtIn = [] }: Omit<Assigned, 'overrides'>): Rules {
  const refusal = refusalOf(protocol, patient);
  const own = refusal === undefined ? protocol.rules : ofAnybody(protocol.rules);
  return { own, builtIn: uncovered(builtIn, own) };
}

function originIn({ key, version }: Protocol, { source }: Rule): Origin {
  return { from: 'protocol', protocol: key, version, source };
}

function builtInOrigin({ source }: Rule): Origin {
  return { from: 'built-in', source };
}

function refusalOf({ categories }: Protocol, { category }: Patient): Plan['refusal'] {
  if (category === 'unknown') return 'category-unknown';
  return categories.includes(category) ? undefined : 'other-category';
}

/**
 * What holds for whoever wears it, of every category: devices, calls, what should have come, and the two
 * rhythms in which nobody's heart pumps. No limit, rate, trend or score of a body is among them (safety S18).
 */
function ofAnybody(rules: readonly Rule[]): readonly Rule[] {
  const own = rules.filter(({ detector }) => isForAnybody(detector));
  const keys = own.map(({ key }) => key);
  return own.filter(
    ({ detector }) =>
      detector.kind !== 'composite' || detector.parts.every((part) => keys.includes(part)),
  );
}

function isForAnybody(detector: Detector): boolean {
  switch (detector.kind) {
    case 'device':
    case 'event':
    case 'overdue':
    case 'composite':
      return true;
    case 'limit':
    case 'rate':
    case 'trend':
    case 'baseline':
      return metricsOfVital(detector.vital).every(isOfSurroundings);
    case 'rhythm':
      return detector.finding === 'asystole' || detector.finding === 'ventricular-fibrillation';
    case 'score':
      return false;
    default:
      return detector satisfies never;
  }
}

/** The newest override wins: it knew of the others. */
function planned(rule: Rule, origin: Origin, inForce: readonly Override[]): PlannedRule {
  const own = inForce
    .filter(({ ruleKey }) => ruleKey === rule.key)
    .sort((one, other) => other.fromMs - one.fromMs)[0];
  if (own === undefined) return { rule, origin, isOff: false };
  const { author, reason, untilMs, change } = own;
  const detector = changed(rule.detector, change) ?? rule.detector;
  const overridden: Origin = { from: 'override', author, reason, untilMs };
  return { rule: { ...rule, detector }, origin: overridden, isOff: change.kind === 'off' };
}

/** Undefined where this cannot be changed on it. */
function changed(detector: Detector, change: Override['change']): Detector | undefined {
  switch (change.kind) {
    case 'off':
      return detector;
    case 'limit':
      return detector.kind === 'limit' ? { ...detector, limit: change.limit } : undefined;
    case 'delay':
      return detector.kind === 'limit' || detector.kind === 'score'
        ? { ...detector, delayMs: change.delayMs }
        : undefined;
    default:
      return change satisfies never;
  }
}

/** Why an override is not followed; undefined where it is, or will be when its time comes. */
export function whyRefused(
  override: Override,
  assigned: Omit<Assigned, 'overrides'>,
): OverrideRefusal | undefined {
  const { change, author, reason, fromMs, untilMs } = override;
  const known = [...assigned.protocol.rules, ...rulesOf(assigned).builtIn];
  const rule = known.find(({ key }) => key === override.ruleKey);
  if (rule === undefined) return 'no-such-rule';
  if (author.trim() === '') return 'no-author';
  if (reason.trim() === '') return 'no-reason';
  if (!(Number.isFinite(untilMs) && untilMs > fromMs)) return 'no-expiry';
  if (untilMs - fromMs > OVERRIDE_MAX_MS) return 'too-long';
  const detector = changed(rule.detector, change);
  if (detector === undefined || !isSensible(detector)) return 'does-not-fit';
  const isKept = rule.isEssential === true || isNeededForHigh(rule, known);
  if (isKept && change.kind === 'off') return 'never-off';
  if (rule.isEssential && isWider(detector, rule.detector)) return 'never-wider';
  if (isKept && isTooLate(detector, rule.detector)) return 'never-wider';
  return undefined;
}

/** It calls at high, or is part of what does. */
function isNeededForHigh(rule: Rule, all: readonly Rule[]): boolean {
  const isPart = ({ detector }: Rule) =>
    detector.kind === 'composite' && detector.parts.includes(rule.key);
  return callsHigh(rule) || all.some((one) => callsHigh(one) && isPart(one));
}

function isTooLate(detector: Detector, before: Detector): boolean {
  return delayOf(detector) > Math.max(delayOf(before), HIGH_DELAY_MAX_MS);
}

function delayOf(detector: Detector): number {
  return 'delayMs' in detector ? detector.delayMs : 0;
}

function isSensible(detector: Detector): boolean {
  const delayMs = delayOf(detector);
  const isDelay = Number.isInteger(delayMs) && delayMs >= 0;
  return isDelay && (detector.kind !== 'limit' || limitProblem(detector) === undefined);
}
