/** SQL of indicators: what the alarms of an organisation were, and whether somebody answered. */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Reader } from '../database/readers.ts';

export interface RaisedRow {
  readonly id: string;
  readonly subject_id: SubjectId;
  readonly priority: AlarmPriority;
  readonly raised_ms: number;
  /** From when it was raised to when a person acknowledged it. */
  readonly waited_ms: number | null;
}

export interface RaisedWithin {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly after: Pick<RaisedRow, 'raised_ms' | 'id'> | undefined;
  readonly limit: number;
}

/** A piece of them, in the order of time. */
export async function raisedWithin(
  sql: Reader,
  organisationId: OrganisationId,
  { fromMs, untilMs, after, limit }: RaisedWithin,
): Promise<RaisedRow[]> {
  return await sql`
    SELECT id, subject_id, priority, raised_ms, acknowledged_ms - raised_ms AS waited_ms FROM alarm
    WHERE organisation_id = ${organisationId} AND raised_ms < ${untilMs}
      AND raised_ms >= ${after?.raised_ms ?? fromMs}
      AND (raised_ms, subject_id::text || id) > (${after?.raised_ms ?? fromMs - 1}, ${after?.id ?? ''})
    ORDER BY raised_ms, subject_id::text || id LIMIT ${limit}`;
}
