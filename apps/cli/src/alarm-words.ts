import type { AlarmView } from '@ausculta/contract/alarms';
import { alarmSubject } from '@ausculta/vitals/alarm';
import { isOfSurroundings, metricByKey } from '@ausculta/vitals/lookup';

/**
 * What an alarm is about, in the words of the screens and with the keys that `--metric` takes. A
 * limit is broken at the limit itself: its sign is ≥ or ≤. A rule that is not known here is told by
 * its key.
 */
export function alarmWords(alarm: AlarmView): string {
  const { endedBecause, movedMs, isWritten } = alarm;
  return [
    aboutWords(alarm),
    ...(isWritten === undefined ? [] : ['charted']),
    ...(endedBecause === 'taken-off' ? ['device taken off'] : []),
    ...(endedBecause === 'protocol-changed' ? ['protocol changed'] : []),
    ...(movedMs === undefined ? [] : ['readings were moved to another record']),
  ].join('; ');
}

function aboutWords(alarm: AlarmView): string {
  const { ruleKey, metric, unit, openingValue } = alarm;
  const [family, ...rest] = ruleKey.split('/');
  const isOfDevice = family === 'technical' && rest.length > 1 && rest.at(-1) === 'low';
  if (family === 'limit' || isOfDevice) {
    const sign = alarm.direction === 'high' ? '≥' : '≤';
    return `${metric} ${openingValue} ${unit}, limit ${sign} ${alarm.limit}`;
  }
  if (family === 'technical' && rest.at(-1) === 'out-of-range') {
    const known = metricByKey(metric);
    const who = known !== undefined && isOfSurroundings(known) ? 'device' : 'patient';
    return `${metric} ${openingValue} ${unit} out of range, check ${who}`;
  }
  if (family === 'technical' && rest.includes('no-data')) {
    const { deviceId, vital } = alarmSubject(ruleKey);
    const what = vital === undefined ? 'no data' : `no ${vital} data`;
    const from = deviceId === undefined ? '' : ` from ${deviceId}`;
    return `${what}${from}${alarm.condition === 'absent' ? '' : ': not monitored'}`;
  }
  if (family === 'technical' && rest[0] === 'leads-off') {
    const from = rest[1] === undefined ? '' : ` of ${rest[1]}`;
    return `leads off${from}${alarm.condition === 'absent' ? '' : ', check patient'}`;
  }
  if (family === 'score') return `${rest.join(' ')} ${alarm.extremeValue}`;
  if (family === 'overdue') return `${metric} overdue`;
  if (family === 'trend' || family === 'rate')
    return `${metric} ${alarm.direction === 'high' ? 'rising' : 'falling'} by ${alarm.extremeValue} ${unit}`;
  return `${ruleKey} ${metric}`.trim() || 'alarm';
}
