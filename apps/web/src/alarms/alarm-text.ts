import type { AlarmView } from '@ausculta/contract/alarms';
import { metricByKey } from '@ausculta/vitals/lookup';
import { durationText, fixed, unitText } from '../vitals/number-text.ts';
import { vitalShort } from '../vitals/vital-words.ts';
import { type AlarmSubject, subjectOfAlarm } from './alarm-subject.ts';

interface AlarmWords {
  /** What the band says: a limit is broken at the limit itself, so its sign is ≥ or ≤. */
  readonly shown: string;
  /** The same for those who listen: signs are often left out when a screen is read aloud. */
  readonly spoken: string;
  /** The value behind it, where there is one. */
  readonly value: string | undefined;
}

function wordsOf(alarm: AlarmView): AlarmWords {
  const about = subjectOfAlarm(alarm.ruleKey);
  const name = nameText(alarm);
  switch (about.kind) {
    case 'limit': {
      const isHigh = alarm.direction === 'high';
      const limit = quantity(alarm.limit, alarm.unit);
      return {
        shown: `${name} ${isHigh ? '≥' : '≤'} ${limit}`,
        spoken: `${name} ${isHigh ? 'at or above' : 'at or below'} ${limit}`,
        value: `${isHigh ? 'highest' : 'lowest'} ${plain(alarm.extremeValue)}`,
      };
    }
    case 'out-of-range':
      return same(
        `${name} out of range, check patient`,
        `was ${quantity(alarm.openingValue, alarm.unit)}`,
      );
    case 'no-data':
      return same(`No data${fromText(about)}: not monitored`);
    case 'other':
      return same(sentence(`${about.words}${name === '' ? '' : `, ${name}`}`));
    default:
      return about.kind satisfies never;
  }
}

function same(words: string, value?: string): AlarmWords {
  return { shown: words, spoken: words, value };
}

function fromText({ device }: AlarmSubject): string {
  return device === undefined ? '' : ` from ${device}`;
}

/** "HR ≥ 131/min", "SpO₂ out of range, check patient", "No data from patch-1: not monitored". */
export function alarmText(alarm: AlarmView): string {
  return wordsOf(alarm).shown;
}

/** "highest 134" or "lowest 82": the furthest beyond the limit so far. Undefined where no value is behind it. */
export function extremeText(alarm: AlarmView): string | undefined {
  return wordsOf(alarm).value;
}

/** How long the condition has lasted, or that it is over and how long it was (a latched alarm). */
export function spanText(alarm: AlarmView, nowMs: number): string {
  if (alarm.conditionEndedMs === null) return durationText(nowMs - alarm.openedMs);
  return `was, ${durationText(alarm.conditionEndedMs - alarm.openedMs)}`;
}

/** What belongs behind the name of an alarm: its value, how long, and whether it is stored yet. */
export function detailText(alarm: AlarmView, nowMs: number): string {
  return [
    extremeText(alarm),
    spanText(alarm, nowMs),
    alarm.notYetStored ? 'not yet stored' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** What a screen reader says once when an alarm is raised. */
export function spokenText(alarm: AlarmView, who: string): string {
  const { spoken, value } = wordsOf(alarm);
  const kind = isTechnical(alarm) ? 'technical alarm' : 'alarm';
  return `${alarm.priority} ${kind}, ${who}: ${spoken}${value === undefined ? '' : `, ${value}`}`;
}

/** About the measuring rather than the measured (IEC 60601-1-8: a technical alarm condition). */
export function isTechnical(alarm: AlarmView): boolean {
  return subjectOfAlarm(alarm.ruleKey).isTechnical;
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

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
