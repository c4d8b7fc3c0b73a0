import type { AlarmView } from '@ausculta/contract/alarms';
import { isOfSurroundings, metricByKey } from '@ausculta/vitals/lookup';
import { durationText, fixed, unitText } from '../vitals/number-text.ts';
import { vitalShort } from '../vitals/vital-words.ts';
import { callWords, isTechnicalKey, keyInWords, knownSubject } from './alarm-subject.ts';

interface AlarmWords {
  /** What the band says: a limit is broken at the limit itself, so its sign is ≥ or ≤. */
  readonly shown: string;
  /** The same for those who listen: signs are often left out when a screen is read aloud. */
  readonly spoken: string;
  /** The same for a tile, which has no room for the name of a device. */
  readonly brief: string;
  /** The value behind it, where there is one. */
  readonly value: string | undefined;
}

function wordsOf(alarm: AlarmView): AlarmWords {
  const about = knownSubject(alarm.ruleKey);
  const name = nameText(alarm);
  if (about === undefined)
    return same([keyInWords(alarm.ruleKey), name].filter(Boolean).join(', '));
  switch (about.kind) {
    case 'limit': {
      const isHigh = alarm.direction === 'high';
      const limit = quantity(alarm.limit, alarm.unit);
      return {
        ...same(`${name} ${isHigh ? '≥' : '≤'} ${limit}`),
        spoken: `${name} ${isHigh ? 'at or above' : 'at or below'} ${limit}`,
        value: `${isHigh ? 'highest' : 'lowest'} ${plain(alarm.extremeValue)}`,
      };
    }
    case 'out-of-range': {
      const value = `was ${quantity(alarm.openingValue, alarm.unit)}`;
      const metric = metricByKey(alarm.metric);
      const who = metric !== undefined && isOfSurroundings(metric) ? 'device' : 'patient';
      return { ...same(`${name} out of range, check ${who}`), value };
    }
    case 'no-data': {
      // Of an ECG no single lead is lost: all are.
      const lost = about.vital === 'ecg' ? 'ECG' : name;
      const what = about.vital === undefined ? 'No data' : `No ${lost} data`;
      const from = about.deviceId === undefined ? '' : ` from ${about.deviceId}`;
      // Once data come again nobody is unmonitored any more: it only was so.
      const then = alarm.condition === 'absent' ? '' : ': not monitored';
      return { ...same(`${what}${from}${then}`), brief: `${what}${then}` };
    }
    case 'leads-off':
      return same(alarm.condition === 'absent' ? 'Leads off' : 'Leads off, check patient');
    case 'call':
      return same(callWords(alarm.ruleKey) ?? keyInWords(alarm.ruleKey));
    case 'score': {
      const score = (about.vital ?? '').replaceAll('-', ' ').toUpperCase();
      return same(`${score} ${plain(alarm.extremeValue)}`);
    }
    case 'rate':
    case 'trend': {
      const way = alarm.direction === 'high' ? 'rising' : 'falling';
      return { ...same(`${name} ${way}`), value: `by ${quantity(alarm.extremeValue, alarm.unit)}` };
    }
    case 'baseline':
      return same(`${name} unusual for this patient`);
    case 'overdue':
      return same(`${name} overdue`);
    case 'rhythm':
    case 'composite':
    case 'poor-signal':
      return same(keyInWords(alarm.ruleKey));
    default:
      return about.kind satisfies never;
  }
}

function same(words: string): AlarmWords {
  return { shown: words, brief: words, spoken: words, value: undefined };
}

/** "HR ≥ 131/min", "SpO₂ out of range, check patient", "No data from patch-1: not monitored". */
export function alarmText(alarm: AlarmView): string {
  return wordsOf(alarm).shown;
}

/** The line of a tile: "No data: not monitored". */
export function briefText(alarm: AlarmView): string {
  return wordsOf(alarm).brief;
}

/** The line of the smallest tile: "No data". */
export function tinyText(alarm: AlarmView): string {
  return wordsOf(alarm).brief.replace(/: not monitored$|, check (patient|device)$/, '');
}

/** "highest 134" or "lowest 82": the furthest beyond the limit so far. Undefined where no value is behind it. */
export function extremeText(alarm: AlarmView): string | undefined {
  return wordsOf(alarm).value;
}

/** "39.4 °C": the furthest beyond the limit so far. */
export function extremeQuantity({ extremeValue, unit }: AlarmView): string {
  return quantity(extremeValue, unit);
}

/**
 * How long the condition has lasted; that it is over and how long it was (a latched alarm); how long
 * ago it was; or that its data have stopped, and nobody can say.
 */
export function spanText(alarm: AlarmView, nowMs: number): string {
  // Between the first and the last time there were pauses: not one long breach.
  const onAndOff = alarm.returnedMs === undefined ? '' : 'on and off for ';
  if (alarm.conditionEndedMs === null) {
    const since = `${onAndOff}${durationText(nowMs - alarm.openedMs)}`;
    // Where there is no room for both, the doubt stays.
    return alarm.condition === 'unknown' ? `now unknown, ${since}` : since;
  }
  // Over before anybody heard of it (safety S5): when it was says more than how long. What somebody wrote
  // is in no curve here, and nobody shall look for it there.
  if (alarm.conditionEndedMs <= alarm.openedMs) {
    const how = alarm.isWritten === true ? 'charted,' : 'happened';
    return `${how} ${durationText(nowMs - alarm.openedMs)} ago`;
  }
  return `was, ${onAndOff}${durationText(alarm.conditionEndedMs - alarm.openedMs)}`;
}

/** What belongs behind the name of an alarm: its value, how long, and whether it is stored yet. */
export function detailText(alarm: AlarmView, nowMs: number): string {
  return [
    extremeText(alarm),
    spanText(alarm, nowMs),
    whyOverText(alarm),
    alarm.movedMs === undefined ? undefined : MOVED_TEXT,
    alarm.notYetStored ? 'not yet stored' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** Its own readings stay here; those that followed were somebody else's. */
const GONE_ON_TEXT = 'what followed is in another record';
const MOVED_TEXT = 'readings were moved to another record';

/** Why it is over, where no reading has said so: nobody may take it for a patient who is well again. */
function whyOverText({ endedBecause, movedMs }: AlarmView): string | undefined {
  if (endedBecause === 'taken-off') return 'device taken off';
  if (endedBecause === 'protocol-changed') return 'protocol changed';
  return endedBecause === 'moved' && movedMs === undefined ? GONE_ON_TEXT : undefined;
}

/** What a screen reader says once when an alarm is raised. */
export function spokenText(alarm: AlarmView, who: string): string {
  const { spoken, value } = wordsOf(alarm);
  const kind = isTechnical(alarm) ? 'technical alarm' : 'alarm';
  return `${alarm.priority} ${kind}, ${who}: ${spoken}${value === undefined ? '' : `, ${value}`}`;
}

/** About the measuring rather than the measured (IEC 60601-1-8: a technical alarm condition). */
export function isTechnical(alarm: AlarmView): boolean {
  return isTechnicalKey(alarm.ruleKey);
}

function nameText(alarm: AlarmView): string {
  const metric = metricByKey(alarm.metric);
  return metric === undefined ? alarm.metric : vitalShort(metric);
}

function quantity(value: number, ucum: string): string {
  const unit = unitText(ucum);
  if (unit === '') return plain(value);
  return unit.startsWith('/') ? `${plain(value)}${unit}` : `${plain(value)} ${unit}`;
}

function plain(value: number): string {
  return fixed(value, Number.isInteger(value) ? 0 : 1);
}
