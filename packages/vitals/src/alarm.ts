/**
 * The three lives of an alarm are three fields, because they fail separately: a condition is present
 * or absent, an episode is raised, acknowledged or resolved, a notification is owed or delivered.
 * Vocabulary of IEC 60601-1-8.
 */
export const ALARM_PRIORITIES = ['low', 'medium', 'high'] as const;
export type AlarmPriority = (typeof ALARM_PRIORITIES)[number];

/** What a protocol watches beside limits: each is the first part of its rule keys. */
const PROTOCOL_KINDS = [
  'score',
  'rate',
  'trend',
  'baseline',
  'overdue',
  'rhythm',
  'composite',
] as const;

/**
 * What an alarm is about: the patient's value beyond a limit, or what else a protocol watches; or,
 * technical, a value that no sensor can truthfully give (safety S2), data that have stopped coming,
 * electrodes that a device says have come off (safety S4), and a signal that says little; or a call,
 * which a help button or a fall detector gives (safety S5).
 */
export const ALARM_KINDS = [
  'limit',
  'out-of-range',
  'no-data',
  'leads-off',
  'poor-signal',
  'call',
  ...PROTOCOL_KINDS,
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** 'unknown': it was present when its data stopped coming, and nobody can say what it is now. */
export const ALARM_CONDITIONS = ['present', 'absent', 'unknown'] as const;
export type AlarmCondition = (typeof ALARM_CONDITIONS)[number];

/**
 * Why a condition is over, where no reading has said so: the device was taken off, what it measured was
 * another's, the protocol has another limit or no such rule any more, or a person has answered what lasts
 * until then.
 */
export const ALARM_END_REASONS = ['taken-off', 'moved', 'protocol-changed', 'answered'] as const;
export type AlarmEndReason = (typeof ALARM_END_REASONS)[number];

export type AlarmEpisode = 'raised' | 'acknowledged' | 'resolved';

/** What an alarm is about, as its rule key says it: "technical/spo2/no-data". */
export interface AlarmSubject {
  readonly kind: AlarmKind;
  /** Undefined when it is about all that a device measures. */
  readonly vital: string | undefined;
  /** Only of a device that has stopped, whose leads are off, or that calls. */
  readonly deviceId: string | undefined;
}

export function alarmSubject(ruleKey: string): AlarmSubject {
  const [family, first, second] = ruleKey.split('/');
  if (family === 'call') return { kind: 'call', vital: undefined, deviceId: second };
  const ofProtocol = PROTOCOL_KINDS.find((kind) => kind === family);
  if (ofProtocol !== undefined) return { kind: ofProtocol, vital: first, deviceId: undefined };
  if (family !== 'technical') return { kind: 'limit', vital: first, deviceId: undefined };
  if (first === 'no-data' || first === 'leads-off' || first === 'poor-signal')
    return { kind: first, vital: undefined, deviceId: second };
  // A limit of the device rather than of the patient: "technical/battery/low".
  if (second === 'low') return { kind: 'limit', vital: first, deviceId: undefined };
  const kind = second === 'no-data' ? 'no-data' : 'out-of-range';
  return { kind, vital: first, deviceId: undefined };
}

/** Whether it is about somebody who is not, or not wholly, monitored any more (safety S4). */
export function isLossOfMonitoring(ruleKey: string): boolean {
  const { kind } = alarmSubject(ruleKey);
  return kind === 'no-data' || kind === 'leads-off';
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
