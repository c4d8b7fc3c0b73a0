/** How many alarms there were, who answered them, and which rules make most of them: counts of no one in particular. */
import { ALARM_PRIORITIES, type AlarmPriority } from '@ausculta/vitals/alarm';
import { expect } from '@ausculta/vitals/expect';
import { type Flood, floodsOf } from './floods.ts';
import { isActedOn, lengthMs, type RecordedAlarm, ruleFamily } from './recorded-alarm.ts';

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  /** How long all patients together were measured, in days. */
  readonly patientDays: number;
}

export interface Burden {
  readonly alarms: number;
  readonly byPriority: Readonly<Record<AlarmPriority, number>>;
  readonly patientDays: number;
  /** Null where nobody was measured. */
  readonly perPatientDay: number | null;
  readonly answers: Answers;
  readonly floods: readonly Flood[];
  /** Of the time, in percent. */
  readonly floodPercent: number;
  /** The most within ten minutes. */
  readonly worstTenMinutes: number;
  /** Raised again and again: at least three of one rule and patient within a minute. */
  readonly chattering: number;
  /** Lasting for more than a day. */
  readonly stale: number;
  /** The most frequent first. */
  readonly rules: readonly RuleBurden[];
}

export interface Answers {
  readonly acknowledged: number;
  /** Acknowledged while the condition lasted. */
  readonly actedOn: number;
  readonly actedOnPercent: number | null;
  /** From the call to the answer; null where nobody has answered. */
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
}

export interface RuleBurden {
  readonly rule: string;
  readonly alarms: number;
  /** Of all, in percent. */
  readonly loadPercent: number;
  readonly patients: number;
  readonly answers: Answers;
  readonly chattering: number;
  readonly medianLengthMs: number | null;
}

const DAY_MS = 86_400_000;
const CHATTER_MS = 60_000;
const CHATTER_COUNT = 3;

/** `alarms`: those that were raised within the span. */
export function burdenOf(alarms: readonly RecordedAlarm[], span: Span): Burden {
  const { fromMs, untilMs, patientDays } = span;
  expect(fromMs < untilMs, 'a span has a positive length');
  const { floods, worst } = floodsOf(
    alarms.map(({ raisedMs }) => raisedMs),
    untilMs,
  );
  const floodMs = floods.reduce((sum, flood) => sum + flood.untilMs - flood.fromMs, 0);
  const byRule = Map.groupBy(alarms, ({ rule }) => ruleFamily(rule));
  const rules = [...byRule].map(([rule, own]) => ofRule(rule, own, alarms.length));
  const count = (priority: AlarmPriority): number =>
    alarms.filter((alarm) => alarm.priority === priority).length;
  const [low = 0, medium = 0, high = 0] = ALARM_PRIORITIES.map(count);
  return {
    alarms: alarms.length,
    byPriority: { high, medium, low },
    patientDays,
    perPatientDay: patientDays > 0 ? alarms.length / patientDays : null,
    answers: answersOf(alarms),
    floods,
    floodPercent: percent(floodMs, untilMs - fromMs) ?? 0,
    worstTenMinutes: worst,
    chattering: rules.reduce((sum, { chattering }) => sum + chattering, 0),
    stale: alarms.filter(({ raisedMs, endedMs = untilMs }) => endedMs - raisedMs > DAY_MS).length,
    rules: rules.sort(
      (one, other) => other.alarms - one.alarms || (one.rule < other.rule ? -1 : 1),
    ),
  };
}

function ofRule(rule: string, own: readonly RecordedAlarm[], all: number): RuleBurden {
  const lengths = own.map(lengthMs).filter((length) => length !== undefined);
  const bySubject = Map.groupBy(own, ({ subject }) => subject);
  const chattering = [...bySubject.values()].map(chatteringOf);
  return {
    rule,
    alarms: own.length,
    loadPercent: percent(own.length, all) ?? 0,
    patients: bySubject.size,
    answers: answersOf(own),
    chattering: chattering.reduce((sum, one) => sum + one, 0),
    medianLengthMs: quantile(lengths, 0.5),
  };
}

function answersOf(alarms: readonly RecordedAlarm[]): Answers {
  const times = alarms.flatMap(({ raisedMs, acknowledgedMs }) =>
    acknowledgedMs === undefined ? [] : [Math.max(0, acknowledgedMs - raisedMs)],
  );
  const actedOn = alarms.filter(isActedOn).length;
  return {
    acknowledged: times.length,
    actedOn,
    actedOnPercent: percent(actedOn, alarms.length),
    medianMs: quantile(times, 0.5),
    p90Ms: quantile(times, 0.9),
  };
}

/** Those that lie with two others of the same within a minute. */
function chatteringOf(own: readonly RecordedAlarm[]): number {
  const times = own.map(({ raisedMs }) => raisedMs).sort((a, b) => a - b);
  const isOne = times.map(() => false);
  for (let last = CHATTER_COUNT - 1; last < times.length; last += 1) {
    const first = last - CHATTER_COUNT + 1;
    if ((times[last] ?? 0) - (times[first] ?? 0) <= CHATTER_MS) isOne.fill(true, first, last + 1);
  }
  return isOne.filter(Boolean).length;
}

function percent(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}

/** The least of which at least so large a share is no greater. */
function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
