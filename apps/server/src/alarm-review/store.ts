/** SQL of looking back at alarms: when they were raised, answered and over; never what was measured. */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Reader } from '../database/readers.ts';
import type { Span } from '../telemetry/merge.ts';

export interface LookedBack {
  readonly id: string;
  readonly subject_id: SubjectId;
  readonly rule_key: string;
  readonly priority: AlarmPriority;
  readonly opened_ms: number;
  readonly raised_ms: number;
  readonly condition_ended_ms: number | null;
  readonly acknowledged_ms: number | null;
}

/** Those that were raised within a span, of all persons whom the caller may see. */
export async function raisedWithin(
  sql: Reader,
  organisationId: OrganisationId,
  { fromMs, toMs, limit }: Span & { readonly limit: number },
): Promise<LookedBack[]> {
  return await sql`
    SELECT id, subject_id, rule_key, priority, opened_ms, raised_ms, condition_ended_ms,
      acknowledged_ms
    FROM alarm
    WHERE organisation_id = ${organisationId} AND raised_ms >= ${fromMs} AND raised_ms < ${toMs}
    ORDER BY raised_ms LIMIT ${limit}`;
}

/** Those of one person that somebody has acknowledged. */
export async function acknowledgedWithin(
  sql: Reader,
  subjectId: SubjectId,
  { fromMs, toMs, limit }: Span & { readonly limit: number },
): Promise<LookedBack[]> {
  return await sql`
    SELECT id, subject_id, rule_key, priority, opened_ms, raised_ms, condition_ended_ms,
      acknowledged_ms
    FROM alarm
    WHERE subject_id = ${subjectId} AND raised_ms >= ${fromMs} AND raised_ms < ${toMs}
      AND acknowledged_ms IS NOT NULL
    ORDER BY raised_ms LIMIT ${limit}`;
}
