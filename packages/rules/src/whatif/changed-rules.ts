/**
 * What differs between two plans, and what has to be run again because of it: a rule, the others of its
 * condition, and what is made of parts. All other rules say the same under both, and are left alone.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { scoreSources } from '../detectors/score-sources.ts';
import type { Plan, PlannedRule } from '../protocol/plan.ts';
import type { Detector } from '../protocol/protocol.ts';

export interface RuleChange {
  readonly rule: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Takes a medical lead (safety S7). */
  readonly isEssential: boolean;
}

export interface PlanDifference {
  readonly changes: readonly RuleChange[];
  /** The rules that are run again, of each plan. */
  readonly before: Plan;
  readonly after: Plan;
  /** Of these rules nothing that is stored can be asked: connections and rhythms are not kept. */
  readonly notReplayed: readonly string[];
}

export function differenceOf(before: Plan, after: Plan): PlanDifference {
  const isOtherPatient = JSON.stringify(before.patient) !== JSON.stringify(after.patient);
  const changes = changesOf(before, after);
  const all = [...before.rules, ...after.rules];
  const seeds = isOtherPatient ? all.map(({ rule }) => rule.key) : changes.map(({ rule }) => rule);
  const keys = withRelated(new Set(seeds), all);
  const only = (plan: Plan): Plan => {
    const rules = plan.rules.filter(({ rule }) => keys.has(rule.key));
    return { patient: plan.patient, rules, refused: [] };
  };
  const unknown = all.filter(({ rule }) => keys.has(rule.key) && !isStored(rule.detector));
  return {
    changes,
    before: only(before),
    after: only(after),
    notReplayed: [...new Set(unknown.map(({ rule }) => rule.key))],
  };
}

function changesOf(before: Plan, after: Plan): readonly RuleChange[] {
  const [was, is] = [byKey(before), byKey(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): RuleChange[] => {
    const [one, other] = [was.get(key), is.get(key)];
    const isSame =
      one !== undefined && other !== undefined && whatItDoes(one) === whatItDoes(other);
    if (isSame) return [];
    const isEssential = [one, other].some((planned) => planned?.rule.isEssential === true);
    const kind = one === undefined ? 'added' : other === undefined ? 'removed' : 'changed';
    return [{ rule: key, kind, isEssential }];
  });
}

function byKey({ rules }: Plan): ReadonlyMap<string, PlannedRule> {
  return new Map(rules.map((planned) => [planned.rule.key, planned]));
}

/** Where a line comes from changes nothing that it does. */
function whatItDoes({ rule, isOff }: PlannedRule): string {
  const { episodeKey, priority, role, isEssential, detector } = rule;
  const sorted = Object.entries(detector).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify({ episodeKey, priority, role, isEssential, isOff, detector: sorted });
}

function withRelated(keys: Set<string>, all: readonly PlannedRule[]): ReadonlySet<string> {
  const episodes = new Set<string>();
  for (let size = -1; size !== keys.size; ) {
    size = keys.size;
    for (const { rule } of all) {
      const parts = rule.detector.kind === 'composite' ? rule.detector.parts : [];
      const isRelated =
        keys.has(rule.key) || episodes.has(rule.episodeKey) || parts.some((part) => keys.has(part));
      if (!isRelated) continue;
      episodes.add(rule.episodeKey);
      for (const key of [rule.key, ...parts]) keys.add(key);
    }
  }
  return keys;
}

function isStored(detector: Detector): boolean {
  if (detector.kind === 'device') return detector.condition !== 'disconnected';
  return detector.kind !== 'rhythm';
}

/** Whether a reading of the metric says anything to this detector. */
export function looksAt(detector: Detector, metric: Metric): boolean {
  switch (detector.kind) {
    case 'limit':
    case 'rate':
    case 'trend':
    case 'baseline':
    case 'overdue':
      return detector.vital === metric.vital;
    case 'score':
      return scoreSources(detector.score).has(metric.key);
    case 'device':
      return detector.condition === 'poor-signal' && metric.cadence.kind === 'continuous';
    case 'event':
    case 'rhythm':
    case 'composite':
      return false;
    default:
      return detector satisfies never;
  }
}

/** The metrics whose readings have to be read again. */
export function metricsToRead(
  { before, after }: Pick<PlanDifference, 'before' | 'after'>,
  metrics: Iterable<Metric>,
): readonly Metric[] {
  const detectors = [...before.rules, ...after.rules].map(({ rule }) => rule.detector);
  return [...metrics].filter((metric) => detectors.some((one) => looksAt(one, metric)));
}

/** How many rules of both plans an input may set going: those that look at it, and what is made of parts. */
export function rulesAt(
  { before, after }: Pick<PlanDifference, 'before' | 'after'>,
  looks: (detector: Detector) => boolean,
): number {
  const detectors = [...before.rules, ...after.rules].map(({ rule }) => rule.detector);
  const own = detectors.filter((one) => one.kind === 'composite' || looks(one));
  return Math.max(1, own.length);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As many days as a baseline remembers. */
const BASELINE_DAYS = 28;

/**
 * For how long before a span its rules have to have been shown readings: what began before is then there to
 * begin with, parts of scores are known, and days are counted.
 */
export function leadInMs({ before, after }: Pick<PlanDifference, 'before' | 'after'>): number {
  const all = [...before.rules, ...after.rules].map(({ rule: { detector } }) => leadInOf(detector));
  return Math.max(0, ...all);
}

function leadInOf(detector: Detector): number {
  switch (detector.kind) {
    case 'limit':
    case 'rate':
    case 'device':
    case 'event':
    case 'rhythm':
    case 'composite':
      return HOUR_MS;
    case 'score':
      return DAY_MS;
    case 'trend':
      return (detector.days + 1) * DAY_MS;
    case 'baseline':
      return BASELINE_DAYS * DAY_MS;
    case 'overdue': {
      const { cadence } = detector;
      return cadence.kind === 'every'
        ? cadence.everyMs + cadence.graceMs
        : (cadence.days + 1) * DAY_MS;
    }
    default:
      return detector satisfies never;
  }
}
