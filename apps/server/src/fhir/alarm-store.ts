/** SQL of alarms as FHIR asks for them. */
import type { FlaggedAlarm } from '@ausculta/fhir/alarm-flag';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Reader } from '../database/readers.ts';

const told = (sql: Reader) => sql`
  subject_id AS "subjectId", id AS "alarmId", rule_key AS "ruleKey", metric, priority, condition, episode,
  opened_ms AS "openedMs", condition_ended_ms AS "endedMs"`;

export async function alarmsOpenedAt(
  sql: Reader,
  organisationId: OrganisationId,
  { subjectId, openedMs }: Pick<FlaggedAlarm, 'subjectId' | 'openedMs'>,
): Promise<FlaggedAlarm[]> {
  return await sql`
    SELECT ${told(sql)} FROM alarm
    WHERE organisation_id = ${organisationId} AND subject_id = ${subjectId} AND opened_ms = ${openedMs}`;
}

export interface AlarmsAbout {
  /** The records of one person. */
  readonly subjectIds: readonly SubjectId[];
  readonly metrics: readonly string[];
  readonly atMs: number;
  readonly limit: number;
}

/**
 * Those that a value of this time opened, came back to, or fell within; the newest first. Of one that is
 * still there, or was when its data stopped, nobody knows the end.
 */
export async function alarmsAbout(
  sql: Reader,
  organisationId: OrganisationId,
  { subjectIds, metrics, atMs, limit }: AlarmsAbout,
): Promise<FlaggedAlarm[]> {
  const returns = [`returned@${atMs}`, `passed@${atMs}`];
  return await sql`
    SELECT ${told(sql)} FROM alarm AS a
    WHERE organisation_id = ${organisationId} AND subject_id = ANY(${[...subjectIds]}::uuid[])
      AND opened_ms <= ${atMs} AND metric = ANY(${[...metrics]}::text[])
      AND (condition <> 'absent' OR condition_ended_ms >= ${atMs} OR opened_ms = ${atMs} OR EXISTS (
        SELECT FROM alarm_transition AS t WHERE (t.subject_id, t.alarm_id) = (a.subject_id, a.id)
          AND t.what = ANY(${returns}::text[])))
    ORDER BY opened_ms DESC, id LIMIT ${limit}`;
}
