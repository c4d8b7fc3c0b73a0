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

/** 'unknown': it was present when its data stopped coming, and nobody can say what it is now. */
export const ALARM_CONDITIONS = ['present', 'absent', 'unknown'] as const;
export type AlarmCondition = (typeof ALARM_CONDITIONS)[number];
export type AlarmEpisode = 'raised' | 'acknowledged' | 'resolved';

/** What an alarm is about, as its rule key says it: "technical/spo2/no-data". */
export interface AlarmSubject {
  readonly kind: AlarmKind;
  /** Undefined when it is about all that a device measures. */
  readonly vital: string | undefined;
  /** Only of a device that has stopped. */
  readonly deviceId: string | undefined;
}

export function alarmSubject(ruleKey: string): AlarmSubject {
  const [family, first, second] = ruleKey.split('/');
  if (family !== 'technical') return { kind: 'limit', vital: first, deviceId: undefined };
  if (first === 'no-data') return { kind: 'no-data', vital: undefined, deviceId: second };
  const kind = second === 'no-data' ? 'no-data' : 'out-of-range';
  return { kind, vital: first, deviceId: undefined };
}

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
