import type { AlarmView } from '@ausculta/contract/alarms';
import { metricByKey } from '@ausculta/vitals/lookup';
import { durationText, fixed, unitText } from '../vitals/number-text.ts';
import { vitalShort } from '../vitals/vital-words.ts';

/** "HR above 120/min"; what the rule says, with its unit. */
export function limitText(alarm: AlarmView): string {
  const metric = metricByKey(alarm.metric);
  const name = metric === undefined ? alarm.metric : vitalShort(metric);
  const side = alarm.direction === 'high' ? 'above' : 'below';
  return `${name} ${side} ${quantity(alarm.limit, alarm.unit)}`;
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

/** What a screen reader says once when an alarm is raised. */
export function spokenText(alarm: AlarmView, who: string): string {
  return `${alarm.priority} alarm, ${who}: ${limitText(alarm)}, ${extremeText(alarm)}`;
}

function quantity(value: number, ucum: string): string {
  const unit = unitText(ucum);
  return unit.startsWith('/') ? `${plain(value)}${unit}` : `${plain(value)} ${unit}`;
}

function plain(value: number): string {
  return fixed(value, Number.isInteger(value) ? 0 : 1);
}
