import type { AlarmView } from '@ausculta/contract/alarms';
import { type AlarmCondition, type AlarmPriority, priorityRank } from '@ausculta/vitals/alarm';

/** An alarm's id is its own only among the alarms of its subject: two beds may share one. */
export function alarmKey(alarm: { readonly subjectId: string; readonly id: string }): string {
  return `${alarm.subjectId} ${alarm.id}`;
}

/**
 * Higher priority first; then what nobody has acknowledged; then what is so now before what is
 * unknown and what is over; then what is newest.
 */
export function orderAlarms(alarms: Iterable<AlarmView>): AlarmView[] {
  return [...alarms].filter((alarm) => alarm.episode !== 'resolved').sort(compareAlarms);
}

export function compareAlarms(one: AlarmView, other: AlarmView): number {
  return (
    priorityRank(one.priority) - priorityRank(other.priority) ||
    acknowledgedRank(one) - acknowledgedRank(other) ||
    CONDITION_RANK[one.condition] - CONDITION_RANK[other.condition] ||
    other.raisedMs - one.raisedMs ||
    alarmKey(one).localeCompare(alarmKey(other))
  );
}

const CONDITION_RANK: Record<AlarmCondition, number> = { present: 0, unknown: 1, absent: 2 };

function acknowledgedRank(alarm: AlarmView): number {
  return alarm.episode === 'acknowledged' ? 1 : 0;
}

export function countByPriority(alarms: Iterable<AlarmView>): Record<AlarmPriority, number> {
  const counts: Record<AlarmPriority, number> = { high: 0, medium: 0, low: 0 };
  for (const alarm of alarms) if (alarm.episode !== 'resolved') counts[alarm.priority] += 1;
  return counts;
}
