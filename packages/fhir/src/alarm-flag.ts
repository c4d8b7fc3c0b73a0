/**
 * An alarm as FHIR tells it. R4 has no resource for an alarm of a device: a Flag has whom it warns of, how
 * urgently, and from when to when. It carries no value: those are readings.
 */
import type { AlarmCondition, AlarmEpisode, AlarmPriority } from '@ausculta/vitals/alarm';
import type { SubjectId } from '@ausculta/vitals/identity';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { Flag } from '@medplum/fhirtypes';
import { sha256Hex } from './sha-256.ts';
import { EXTENSION, SYSTEM } from './systems.ts';

export interface FlaggedAlarm {
  readonly subjectId: SubjectId;
  readonly alarmId: string;
  readonly ruleKey: string;
  readonly metric: string;
  readonly priority: AlarmPriority;
  readonly condition: AlarmCondition;
  readonly episode: AlarmEpisode;
  readonly openedMs: number;
  readonly endedMs: number | null;
}

const PRIORITY_CODES = { low: 'PL', medium: 'PM', high: 'PH' } as const;

/** `opener`: the Observation that opened it, where that is known. */
export function toAlarmFlag(alarm: FlaggedAlarm, opener?: string): Flag & { readonly id: string } {
  const { alarmId, subjectId, condition, endedMs } = alarm;
  const end = condition === 'absent' && endedMs !== null ? { end: iso(endedMs) } : {};
  const priority = { system: SYSTEM.FLAG_PRIORITY, code: PRIORITY_CODES[alarm.priority] };
  const detail = { url: EXTENSION.FLAG_DETAIL, valueReference: { reference: opener ?? '' } };
  return {
    resourceType: 'Flag',
    id: alarmFlagId(alarm),
    extension: [
      { url: EXTENSION.FLAG_PRIORITY, valueCodeableConcept: { coding: [priority] } },
      ...(opener === undefined ? [] : [detail]),
    ],
    identifier: [{ system: SYSTEM.ALARM, value: alarmId }],
    status: alarm.episode === 'resolved' ? 'inactive' : 'active',
    category: [
      { coding: [{ system: SYSTEM.ALARM_EPISODE, code: alarm.episode }] },
      // Without an end it may still be so, or nobody knows: its data have stopped.
      { coding: [{ system: SYSTEM.ALARM_CONDITION, code: condition }] },
    ],
    code: {
      coding: [
        { system: SYSTEM.RULE, code: alarm.ruleKey },
        { system: SYSTEM.METRIC, code: alarm.metric },
      ],
      text: `Alarm ${alarm.ruleKey}`,
    },
    subject: { reference: `Patient/${subjectId}` },
    period: { start: iso(alarm.openedMs), ...end },
  };
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

export interface AlarmFlagKey {
  readonly subjectId: SubjectId;
  readonly openedMs: number;
  /** Which of those that opened then. */
  readonly tag: string;
}

type Named = Pick<FlaggedAlarm, 'subjectId' | 'openedMs' | 'alarmId'>;

/** The same for good, and 64 letters at most: an alarm stays where it was sounded. */
export function alarmFlagId({ subjectId, openedMs, alarmId }: Named): string {
  return idOf({ subjectId, openedMs, tag: sha256Hex(alarmId).slice(0, 16) });
}

const idOf = ({ subjectId, openedMs, tag }: AlarmFlagKey): string =>
  `${subjectId}.${openedMs.toString(36)}.${tag}`;

/** Undefined for what is no id of an alarm; whether there is one is not known here. */
export function parseAlarmFlagId(id: string): AlarmFlagKey | undefined {
  const [, subject = '', opened = '', tag = ''] =
    /^([0-9a-f-]{36})\.(-?[0-9a-z]{1,9})\.([0-9a-f]{16})$/.exec(id) ?? [];
  const subjectId = parseSubjectId(subject);
  if (subjectId === undefined) return undefined;
  const key = { subjectId, openedMs: Number.parseInt(opened, 36), tag };
  // One alarm has one id: "-0" and leading zeros are other ways to write it.
  return idOf(key) === id ? key : undefined;
}
