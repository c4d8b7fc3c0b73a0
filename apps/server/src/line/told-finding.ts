/** What a monitor tells, as a finding: with the values that an alarm shows. */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import type { Explained, Told } from '@ausculta/rules/protocol/monitor-input';
import type { Detector, Rule } from '@ausculta/rules/protocol/protocol';
import type { AlarmKind, AlarmPriority } from '@ausculta/vitals/alarm';
import { metricByKey, metricsOfVital } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { Series } from './entry.ts';
import { alarmIdOf, type Finding } from './finding.ts';

export interface TellingPorts {
  readonly of: Pick<Series, 'organisationId' | 'subjectId'>;
  readonly ruleOf: (key: string) => Rule | undefined;
  /** Of a limit that is broken: the value that opened it, the furthest since, and what measured it. */
  readonly breachOf: (told: Pick<Told, 'rule' | 'sinceMs'>) => Breach | undefined;
  readonly explain: (ruleKey: string, nowMs: number) => readonly Explained[];
}

export interface Breach {
  readonly metric: string;
  readonly openingValue: number;
  readonly extremeValue: number;
}

/** The reading that is being looked at, where one is. */
export interface Looked {
  readonly metric: Metric;
  readonly value: number;
  /** Placed: when it was measured. */
  readonly atMs: number;
}

/** Nothing for what only tries out. */
export function findingsOf(
  ports: TellingPorts,
  told: Told,
  looked: Looked | undefined,
): readonly Finding[] {
  if (told.isShadow === true) return [];
  const { sinceMs, atMs, priority } = told;
  const alarmId = alarmIdOf(told.alarm, sinceMs);
  const rule = ports.ruleOf(told.rule);
  const metric = metricOfRule(ports, told, { rule, looked });
  const series = { ...ports.of, metric };
  switch (told.kind) {
    case 'ended': {
      const isByReading = looked !== undefined && looked.metric === metric;
      const endedMs = isByReading && told.because === undefined ? looked.atMs : atMs;
      const why = told.because === undefined ? {} : { because: told.because };
      return [{ kind: 'ended', alarmId, series, endedMs, atMs, ...why }];
    }
    case 'risen': {
      const risen = { kind: 'risen', alarmId, series, priority, atMs } as const;
      if (rule === undefined || !GROWS.has(rule.detector.kind)) return [risen];
      const { value } = valuesOf(ports, told, { detector: rule.detector, looked });
      return [risen, { kind: 'worsened', alarmId, series, value, atMs }];
    }
    case 'raised':
    case 'passed': {
      if (rule === undefined) return [];
      const values = valuesOf(ports, told, { detector: rule.detector, looked });
      const alarmRule = alarmRuleOf(told, rule.detector);
      const { kind } = told;
      return [{ kind, alarmId, series, rule: alarmRule, priority, sinceMs, ...values, atMs }];
    }
    default:
      return told.kind satisfies never;
  }
}

/** Of these it is told how far they have gone when they become more urgent; of a limit, with each reading. */
const GROWS: ReadonlySet<Detector['kind']> = new Set(['score', 'trend', 'rate']);

/** What is read last where the rule is about one vital: the metric that told it, or the first of its kind. */
function metricOfRule(
  { breachOf }: TellingPorts,
  told: Told,
  { rule, looked }: { readonly rule: Rule | undefined; readonly looked: Looked | undefined },
): Metric | undefined {
  if (rule === undefined || !('vital' in rule.detector)) return undefined;
  const { vital } = rule.detector;
  if (looked?.metric.vital === vital) return looked.metric;
  const known = breachOf(told);
  return (known && metricByKey(known.metric)) ?? metricsOfVital(vital)[0];
}

function valuesOf(
  { breachOf, explain }: TellingPorts,
  told: Told,
  { detector, looked }: { readonly detector: Detector; readonly looked: Looked | undefined },
): { readonly openingValue: number; readonly value: number } {
  const { rule, evidence, atMs } = told;
  if (told.kind === 'passed') return same(looked?.value ?? 0);
  switch (detector.kind) {
    case 'limit': {
      const breach = breachOf(told);
      const last = evidence.at(-1)?.value ?? 0;
      return breach === undefined
        ? same(last)
        : { openingValue: breach.openingValue, value: breach.extremeValue };
    }
    case 'rate':
    case 'trend': {
      const [from, to] = [evidence.at(0)?.value ?? 0, evidence.at(-1)?.value ?? 0];
      return same(Math.abs(to - from));
    }
    case 'score':
      return same(explain(rule, atMs)[0]?.found?.total ?? 0);
    case 'baseline':
      return same(evidence.at(-1)?.value ?? 0);
    case 'overdue':
    case 'device':
    case 'event':
    case 'rhythm':
    case 'composite':
      return same(0);
    default:
      return detector satisfies never;
  }
}

const same = (value: number) => ({ openingValue: value, value });

function alarmRuleOf({ alarm, rule: key, priority }: Told, detector: Detector): AlarmRule {
  // An outer limit says that it is one; any other key is its owner's, and says nothing to a reader.
  const isNamed = key.startsWith(alarm);
  return {
    kind: kindOf(detector),
    key: isNamed ? key : alarm,
    episodeKey: alarm,
    priority,
    direction: 'direction' in detector ? detector.direction : 'high',
    limit: limitOf(detector, priority),
  };
}

function kindOf(detector: Detector): AlarmKind {
  if (detector.kind === 'event') return 'call';
  return detector.kind === 'device' ? 'poor-signal' : detector.kind;
}

function limitOf(detector: Detector, priority: AlarmPriority): number {
  switch (detector.kind) {
    case 'limit':
      return detector.limit;
    case 'rate':
    case 'trend':
      return detector.delta;
    case 'score':
      return detector.levels.find((level) => level.priority === priority)?.atLeast ?? 0;
    case 'baseline':
      return detector.threshold;
    case 'overdue':
    case 'device':
    case 'event':
    case 'rhythm':
    case 'composite':
      return 0;
    default:
      return detector satisfies never;
  }
}
