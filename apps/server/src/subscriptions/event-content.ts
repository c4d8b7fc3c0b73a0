/** What an event keeps of what happened: by which name it is asked for, and of an alarm what it was. */
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

const ALARM_SYSTEM = 'urn:ausculta:alarm';
const PRIORITY_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/flag-priority';
const PRIORITY_SYSTEM = 'http://hl7.org/fhir/flag-priority-code';
const PRIORITY_CODES = { low: 'PL', medium: 'PM', high: 'PH' } as const;
const SYSTEM = { RULE: 'urn:ausculta:rule', METRIC: 'urn:ausculta:metric' } as const;

/**
 * R4 has no resource for an alarm of a device: a Flag has whom it warns of, how urgently, and from when to
 * when. It carries no value: those are readings.
 */
export function flagOf(alarm: UntoldRow): Flag {
  const { alarm_id: id, subject_id: subjectId, condition, condition_ended_ms: endedMs } = alarm;
  const end = condition === 'absent' && endedMs !== null ? { end: iso(endedMs) } : {};
  return {
    resourceType: 'Flag',
    extension: [
      {
        url: PRIORITY_EXTENSION,
        valueCodeableConcept: {
          coding: [{ system: PRIORITY_SYSTEM, code: PRIORITY_CODES[alarm.priority] }],
        },
      },
    ],
    identifier: [{ system: ALARM_SYSTEM, value: id }],
    status: alarm.episode === 'resolved' ? 'inactive' : 'active',
    category: [{ coding: [{ system: 'urn:ausculta:alarm-episode', code: alarm.episode }] }],
    code: {
      coding: [
        { system: SYSTEM.RULE, code: alarm.rule_key },
        { system: SYSTEM.METRIC, code: alarm.metric },
      ],
      text: `Alarm ${alarm.rule_key}`,
    },
    subject: { reference: `Patient/${subjectId}` },
    period: { start: iso(alarm.opened_ms), ...end },
  };
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

const iso = (atMs: number): string => new Date(atMs).toISOString();
