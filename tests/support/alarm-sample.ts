import type { AlarmView } from '@ausculta/contract/alarms';

const RAISED: AlarmView = {
  id: 'a',
  subjectId: 'bed-5',
  ruleKey: 'limit/heart-rate/high',
  metric: 'heart-rate',
  priority: 'medium',
  condition: 'present',
  episode: 'raised',
  direction: 'high',
  limit: 120,
  unit: '/min',
  openingValue: 121,
  extremeValue: 134,
  openedMs: 1_000,
  raisedMs: 9_000,
  conditionEndedMs: null,
  acknowledgedMs: null,
  acknowledgedBy: null,
  notYetStored: false,
};

/** A heart rate that is too high and that nobody has answered, but for what is said. */
export function alarmSample(changes: Partial<AlarmView> = {}): AlarmView {
  return { ...RAISED, ...changes };
}
