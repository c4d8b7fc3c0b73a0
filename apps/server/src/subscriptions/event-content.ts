/** What an event keeps of what happened: by which name it is asked for, and of an alarm what it was. */
import { toAlarmFlag } from '@ausculta/fhir/alarm-flag';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import type { Flag } from '@medplum/fhirtypes';
import type { UntoldRow } from './store.ts';

export type EventContent =
  | {
      readonly kind: 'document';
      readonly type: string;
      readonly id: string;
      readonly version: string;
      readonly isDeleted: boolean;
    }
  | { readonly kind: 'reading'; readonly id: string }
  | { readonly kind: 'alarm'; readonly flag: Flag };

export const eventContext = (
  organisationId: string,
  subscriptionId: string,
  number: number,
): string => `subscription-event/${organisationId}/${subscriptionId}/${number}`;

export function flagOf(alarm: UntoldRow): Flag {
  const { subject_id: subjectId, alarm_id: alarmId, rule_key: ruleKey } = alarm;
  const { opened_ms: openedMs, condition_ended_ms: endedMs } = alarm;
  return toAlarmFlag({ ...alarm, subjectId, alarmId, ruleKey, openedMs, endedMs });
}

/** The same for all that is told of one alarm. */
export function urnOf({ identifier }: Flag): string {
  const hex = sha256Hex(identifier?.[0]?.value ?? '');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`;
}
