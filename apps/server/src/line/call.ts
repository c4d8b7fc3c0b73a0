/**
 * Calls (safety S5): a help button or a fall is somebody who needs somebody. It is an alarm of high
 * priority that is owed until a person acknowledges it; late, it is told as what happened then.
 */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import type { EventKind } from '@ausculta/vitals/event';
import type { EventEntry } from './entry.ts';
import { alarmIdOf, type Finding } from './finding.ts';
import { placedMs } from './series-watch.ts';

const CALLING: ReadonlySet<EventKind> = new Set(['button', 'fall']);

/** Undefined: this event calls nobody. */
export function callOf(entry: EventEntry): Finding | undefined {
  const { event, organisationId, subjectId, deviceId, offsetMs, receivedMs } = entry;
  if (!CALLING.has(event.kind)) return undefined;
  const timeMs = event.stampMs === undefined ? receivedMs : event.stampMs + offsetMs;
  const sinceMs = placedMs({ timeMs, receivedMs });
  const key = `call/${event.kind}/${deviceId}`;
  const rule: AlarmRule = {
    kind: 'call',
    key,
    episodeKey: key,
    priority: 'high',
    direction: 'high',
    limit: 0,
  };
  return {
    kind: 'passed',
    alarmId: alarmIdOf(key, sinceMs),
    series: { organisationId, subjectId, metric: undefined },
    rule,
    priority: rule.priority,
    sinceMs,
    openingValue: 0,
    value: 0,
    atMs: receivedMs,
  };
}
