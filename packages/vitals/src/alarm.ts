/**
 * The three lives of an alarm are three fields, because they fail separately: a condition is present
 * or absent, an episode is raised, acknowledged or resolved, a notification is owed or delivered.
 * Vocabulary of IEC 60601-1-8.
 */
export const ALARM_PRIORITIES = ['low', 'medium', 'high'] as const;
export type AlarmPriority = (typeof ALARM_PRIORITIES)[number];

/**
 * What an alarm is about: the patient's value beyond a limit; or, technical, a value that no sensor can
 * truthfully give (safety S2), and data that have stopped coming (safety S4).
 */
export const ALARM_KINDS = ['limit', 'out-of-range', 'no-data'] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export type AlarmCondition = 'present' | 'absent';
export type AlarmEpisode = 'raised' | 'acknowledged' | 'resolved';

/** Sorts the most urgent first. */
export function priorityRank(priority: AlarmPriority): number {
  switch (priority) {
    case 'high':
      return 0;
    case 'medium':
      return 1;
    case 'low':
      return 2;
    default:
      return priority satisfies never;
  }
}
