import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { EVENT_KINDS } from '@ausculta/vitals/event';
import { metricsOfVital } from '@ausculta/vitals/lookup';
import { PATIENT_CATEGORIES } from '@ausculta/vitals/subject';
import { z } from 'zod';
import { DEVICE_CONDITIONS } from '../detectors/device-condition.ts';
import { RHYTHM_FINDINGS } from '../detectors/rhythm.ts';
import { SCORE_KINDS, SCORE_PARTS } from '../detectors/score-sources.ts';

/**
 * A protocol: a versioned set of detectors with limits and priorities, as data. A version is never changed;
 * a change is the next version, or an override for one patient.
 */
const key = z.string().regex(/^[a-z0-9]+([-/][a-z0-9]+)*$/);
const direction = z.enum(['high', 'low']);
const DURATION_MAX_MS = 31 * 86_400_000;
const durationMs = z.number().int().nonnegative().max(DURATION_MAX_MS);
/** A reading is shown to each that looks at it. */
const RULES_MAX = 64;
const amount = z.number().positive();
const vital = z.string().refine((name) => metricsOfVital(name).length > 0, 'no such vital');

const DETECTOR = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('limit'),
    vital,
    direction,
    limit: z.number(),
    delayMs: durationMs,
    clearance: z.number().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal('rate'),
    vital,
    direction,
    delta: amount,
    windowMs: durationMs.min(1),
    clearance: z.number().nonnegative(),
    coverMs: durationMs,
    ignoresQuestionable: z.literal(true).optional(),
  }),
  z.strictObject({
    kind: z.literal('trend'),
    vital,
    direction,
    delta: amount,
    days: z.number().int().min(1).max(31),
    clearance: z.number().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal('score'),
    score: z.enum(SCORE_KINDS),
    levels: z.array(
      z.strictObject({
        priority: z.enum(ALARM_PRIORITIES),
        atLeast: amount,
        anyPart: amount.optional(),
      }),
    ),
    delayMs: durationMs,
    ageMaxMs: z.partialRecord(z.enum(SCORE_PARTS), durationMs.min(1)),
  }),
  z.strictObject({
    kind: z.literal('baseline'),
    vital,
    direction,
    threshold: amount,
    clearance: z.number().nonnegative(),
    delayMs: durationMs,
    daysMin: z.number().int().min(3).max(28),
    binsPerDay: z.number().int().min(1).max(24),
    spreadMin: amount,
  }),
  z.strictObject({
    kind: z.literal('overdue'),
    vital,
    cadence: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('every'),
        everyMs: durationMs.min(1),
        graceMs: durationMs,
      }),
      z.strictObject({
        kind: z.literal('days'),
        count: z.number().int().min(1).max(31),
        days: z.number().int().min(1).max(31),
      }),
    ]),
    quiet: z
      .strictObject({
        fromMinute: z.number().int().min(0).max(1439),
        untilMinute: z.number().int().min(0).max(1439),
      })
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('device'),
    condition: z.enum(DEVICE_CONDITIONS),
    afterMs: durationMs,
  }),
  z.strictObject({
    kind: z.literal('event'),
    event: z.enum(EVENT_KINDS),
    latching: z.boolean(),
    lateAfterMs: durationMs,
  }),
  z.strictObject({
    kind: z.literal('rhythm'),
    finding: z.enum(RHYTHM_FINDINGS),
    latching: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('composite'),
    parts: z.array(key).min(2).max(16),
    atLeast: z.number().int().min(1),
    windowMs: durationMs,
  }),
]);

/**
 * 'alarm' calls; 'shadow' only tells what it would have done; 'part' is there for a composite, so that
 * findings with one cause arrive as one (safety S20).
 */
const ROLES = ['alarm', 'shadow', 'part'] as const;

const RULE = z.strictObject({
  /** Stable, one a rule: states are kept under it, whatever the version. */
  key,
  /** Stable, one a condition: alarms are named by it, so an outer limit shares its inner's. */
  episodeKey: key,
  priority: z.enum(ALARM_PRIORITIES),
  role: z.enum(ROLES),
  /** Cannot be switched off for anybody, nor made wider. */
  isEssential: z.literal(true).optional(),
  /** Where the line comes from (safety S18). */
  source: z.string().min(1),
  detector: DETECTOR,
});

const PROTOCOL = z
  .strictObject({
    key,
    version: z.number().int().min(1),
    /** For whom it is; nobody else is watched by it (safety S18). */
    categories: z.array(z.enum(PATIENT_CATEGORIES).exclude(['unknown'])).min(1),
    rules: z.array(RULE).min(1).max(RULES_MAX),
  })
  .superRefine(({ rules }, context) => {
    for (const [index, problem] of problemsOf(rules))
      context.addIssue({ code: 'custom', path: ['rules', index], message: problem });
  });

export type Detector = z.infer<typeof DETECTOR>;
export type Rule = z.infer<typeof RULE>;
export type Protocol = z.infer<typeof PROTOCOL>;

export type ParsedProtocol =
  | { readonly ok: true; readonly protocol: Protocol }
  /** Where, and what: never a value. */
  | { readonly ok: false; readonly problems: readonly string[] };

export function parseProtocol(given: unknown): ParsedProtocol {
  const parsed = PROTOCOL.safeParse(given);
  if (parsed.success) return { ok: true, protocol: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { ok: false, problems };
}

/** Safety S6: annunciated within 10 s including an averaging of up to 8 s. */
const HEART_RATE_DELAY_MAX_MS = 2_000;
const S9_GLUCOSE_DELAY_MAX_MS = 900_000;

function problemsOf(rules: readonly Rule[]): [number, string][] {
  const keys = rules.map((rule) => rule.key);
  return rules.flatMap((rule, index) =>
    [
      keys.indexOf(rule.key) < index && 'the key is used twice',
      rule.isEssential && rule.role !== 'alarm' && 'what is essential has to call',
      rule.isEssential && rule.priority === 'low' && 'what is essential is not low',
      problemOf(rule.detector, { own: rule.key, keys }),
    ]
      .filter((problem) => typeof problem === 'string')
      .map((problem): [number, string] => [index, problem]),
  );
}

function problemOf(
  detector: Detector,
  { own, keys }: { readonly own: string; readonly keys: readonly string[] },
): string | undefined {
  switch (detector.kind) {
    case 'limit':
      return limitProblem(detector);
    case 'score':
      if (detector.score === 'qsofa' && detector.levels.length > 0)
        return 'qSOFA is shown and never alarms (safety S18)';
      return isAscending(detector.levels.map(({ atLeast }) => atLeast)) ? undefined : 'levels rise';
    case 'composite':
      if (detector.parts.includes(own)) return 'it cannot be part of itself';
      if (!detector.parts.every((part) => keys.includes(part))) return 'a part is no rule';
      return detector.atLeast <= detector.parts.length ? undefined : 'so many parts there are not';
    case 'overdue':
      return isSoonEnough(detector.cadence) ? undefined : 'it waits for 31 days at most';
    default:
      return undefined;
  }
}

type Cadence = Extract<Detector, { kind: 'overdue' }>['cadence'];

/** Whoever looks back has to look as far as it waits. */
function isSoonEnough(cadence: Cadence): boolean {
  return cadence.kind === 'days' || cadence.everyMs + cadence.graceMs <= DURATION_MAX_MS;
}

type Limit = Extract<Detector, { kind: 'limit' }>;

/** Whoever sets it, a protocol or an override. */
export function limitProblem(detector: Limit): string | undefined {
  if (!isReachable(detector)) return 'no reading can lie there';
  if (detector.vital === 'heart-rate' && detector.delayMs > HEART_RATE_DELAY_MAX_MS)
    return 'a heart rate is told within 10 s of its measurement (safety S6)';
  if (detector.vital === 'glucose' && detector.delayMs > S9_GLUCOSE_DELAY_MAX_MS)
    return 'a glucose waits for 15 minutes at most (safety S9)';
  return undefined;
}

/** At its own priority, or at a level of its score. */
export function callsHigh({ role, priority, detector }: Rule): boolean {
  if (role !== 'alarm') return false;
  if (detector.kind !== 'score') return priority === 'high';
  return detector.levels.some((level) => level.priority === 'high');
}

/** A limit that nobody can live beyond is a rule that is switched off, and does not say so. */
function isReachable({ vital: name, limit }: Limit): boolean {
  return metricsOfVital(name).some(({ plausible: { low, high } }) => low <= limit && limit <= high);
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((one, index) => index === 0 || one > (numbers[index - 1] ?? 0));
}
