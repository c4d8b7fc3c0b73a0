import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import type { AlarmEndReason, AlarmPriority } from '@ausculta/vitals/alarm';
import type { Series } from './entry.ts';

/** Of whom a finding is; of what, unless it is of no measurement. */
export type Source = Pick<Series, 'organisationId' | 'subjectId'> & {
  readonly metric: Series['metric'] | undefined;
};

/** What a detector says; the alarm book makes alarms of it. */
export type Finding =
  | {
      readonly kind: 'raised' | 'passed';
      readonly alarmId: string;
      readonly series: Source;
      readonly rule: AlarmRule;
      readonly priority: AlarmPriority;
      readonly sinceMs: number;
      readonly openingValue: number;
      readonly value: number;
      /** In what somebody wrote, not in what a device measured. */
      readonly isWritten?: true;
      /** When it was found: the receipt of the message, or the moment a silence was long enough. */
      readonly atMs: number;
    }
  | {
      readonly kind: 'risen';
      readonly alarmId: string;
      readonly series: Source;
      readonly priority: AlarmPriority;
      readonly atMs: number;
    }
  | {
      readonly kind: 'worsened';
      readonly alarmId: string;
      readonly series: Source;
      readonly value: number;
      readonly atMs: number;
    }
  | {
      readonly kind: 'ended';
      readonly alarmId: string;
      readonly series: Source;
      readonly endedMs: number;
      readonly atMs: number;
      /** Where no reading has said so. */
      readonly because?: AlarmEndReason;
    };

/** Alarm ids: rule key and the stamp of the opening reading as first evaluated; the subject stands beside. */
export function alarmIdOf(episodeKey: string, sinceMs: number): string {
  return `${episodeKey}@${sinceMs}`;
}
