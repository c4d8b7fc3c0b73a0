import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { alarmSubject } from '@ausculta/vitals/alarm';

/** An alarm as the record has it, with nothing of what was measured. */
export interface RecordedAlarm {
  /** Whose: to count patients by, and never told. */
  readonly subject: string;
  /** The rule that raised it. */
  readonly rule: string;
  readonly priority: AlarmPriority;
  readonly raisedMs: number;
  /** When its condition was over; undefined while it may go on. */
  readonly endedMs: number | undefined;
  readonly acknowledgedMs: number | undefined;
}

/** Rules that are made for one device count as one: a device's name is nobody's business here. */
export function ruleFamily(rule: string): string {
  const { kind, deviceId } = alarmSubject(rule);
  if (kind === 'call') return rule.split('/').slice(0, 2).join('/');
  return deviceId === undefined ? rule : rule.slice(0, -deviceId.length - 1);
}

/** Acknowledged while its condition lasted: somebody came while there was something to do. */
export function isActedOn({ acknowledgedMs, endedMs }: RecordedAlarm): boolean {
  return acknowledgedMs !== undefined && (endedMs === undefined || acknowledgedMs <= endedMs);
}

/** How long its condition lasted; undefined while nobody knows. */
export function lengthMs({ raisedMs, endedMs }: RecordedAlarm): number | undefined {
  return endedMs === undefined ? undefined : Math.max(0, endedMs - raisedMs);
}
