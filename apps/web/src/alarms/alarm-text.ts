import type { AlarmView } from '@ausculta/contract/alarms';
import { metricByKey } from '@ausculta/vitals/lookup';
import { durationText, fixed, unitText } from '../vitals/number-text.ts';
import { vitalShort } from '../vitals/vital-words.ts';

/** "HR ≥ 131/min"; what the rule says, with its unit: a limit is broken at the limit itself. */
export function limitText(alarm: AlarmView): string {
  const sign = alarm.direction === 'high' ? '≥' : '≤';
  return `${nameText(alarm)} ${sign} ${quantity(alarm.limit, alarm.unit)}`;
}

function nameText(alarm: AlarmView): string {
  const metric = metricByKey(alarm.metric);
  return metric === undefined ? alarm.metric : vitalShort(metric);
}

/** "highest 134" or "lowest 82": the furthest beyond the limit so far. */
export function extremeText(alarm: AlarmView): string {
  const word = alarm.direction === 'high' ? 'highest' : 'lowest';
  return `${word} ${plain(alarm.extremeValue)}`;
}

/** How long the condition has lasted, or that it is over and how long it was (a latched alarm). */
export function spanText(alarm: AlarmView, nowMs: number): string {
  if (alarm.conditionEndedMs === null) return durationText(nowMs - alarm.openedMs);
  return `was, ${durationText(alarm.conditionEndedMs - alarm.openedMs)}`;
}

/** What a screen reader says once when an alarm is raised: in words, for signs are often left out. */
export function spokenText(alarm: AlarmView, who: string): string {
  const side = alarm.direction === 'high' ? 'at or above' : 'at or below';
  const limit = quantity(alarm.limit, alarm.unit);
  return `${alarm.priority} alarm, ${who}: ${nameText(alarm)} ${side} ${limit}, ${extremeText(alarm)}`;
}

function quantity(value: number, ucum: string): string {
  const unit = unitText(ucum);
  return unit.startsWith('/') ? `${plain(value)}${unit}` : `${plain(value)} ${unit}`;
}

function plain(value: number): string {
  return fixed(value, Number.isInteger(value) ? 0 : 1);
}
