/** SQL of alarms. Inserts and transitions are idempotent: a replay or a retry changes nothing. */
import type { AlarmCondition, AlarmEpisode, AlarmPriority } from '@ausculta/vitals/alarm';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

/** A statement holds 65,535 parameters; after a stall there may be more alarms than fit. */
const ROWS_AT_ONCE = 500;

export interface AlarmRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly rule_key: string;
  readonly metric: string;
  readonly priority: AlarmPriority;
  readonly condition: AlarmCondition;
  readonly episode: AlarmEpisode;
  readonly opened_ms: number;
  readonly raised_ms: number;
  readonly condition_ended_ms: number | null;
  readonly acknowledged_ms: number | null;
  readonly acknowledged_by: AccountId | null;
  readonly resolved_ms: number | null;
  readonly calls: number;
  readonly is_late_high: boolean;
  readonly detail_sealed: Uint8Array | null;
}

export interface TransitionRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly alarm_id: string;
  readonly cause: string;
  readonly what: string;
  readonly at_ms: number;
}

/**
 * Writes alarms as they now stand. What a person did is never undone by a machine's older picture; an
 * alarm that has called once more since is a new picture, and has to be seen again.
 */
export async function writeAlarms(sql: Sql, rows: readonly AlarmRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const isNewer = sql`(excluded.calls > alarm.calls)`;
    await sql`
      INSERT INTO alarm ${sql(rows.slice(at, at + ROWS_AT_ONCE))}
      ON CONFLICT (subject_id, id) DO UPDATE SET
        calls = greatest(alarm.calls, excluded.calls),
        priority = CASE WHEN ${isNewer} THEN excluded.priority ELSE alarm.priority END,
        condition = excluded.condition,
        condition_ended_ms = excluded.condition_ended_ms,
        episode = CASE WHEN ${isNewer} THEN excluded.episode
                       WHEN alarm.episode = 'resolved' THEN alarm.episode
                       WHEN alarm.episode = 'acknowledged' AND excluded.episode = 'raised'
                       THEN alarm.episode ELSE excluded.episode END,
        acknowledged_ms = CASE WHEN ${isNewer} THEN excluded.acknowledged_ms
                          ELSE greatest(alarm.acknowledged_ms, excluded.acknowledged_ms) END,
        acknowledged_by = CASE WHEN ${isNewer}
                            OR excluded.acknowledged_ms > coalesce(alarm.acknowledged_ms, 0)
                          THEN excluded.acknowledged_by
                          ELSE coalesce(alarm.acknowledged_by, excluded.acknowledged_by) END,
        resolved_ms = coalesce(alarm.resolved_ms, excluded.resolved_ms),
        detail_sealed = excluded.detail_sealed`;
  }
}

export async function writeTransitions(sql: Sql, rows: readonly TransitionRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO alarm_transition ${sql(rows.slice(at, at + ROWS_AT_ONCE))}
      ON CONFLICT DO NOTHING`;
  }
}

/** All that still concern somebody, and those raised since `sinceMs`. */
export async function readAlarms(sql: Sql, sinceMs: number): Promise<AlarmRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, rule_key, metric, priority, condition, episode,
      opened_ms, raised_ms, condition_ended_ms, acknowledged_ms, acknowledged_by, resolved_ms,
      calls, is_late_high, detail_sealed
    FROM alarm
    WHERE episode <> 'resolved' OR condition <> 'absent' OR raised_ms >= ${sinceMs}`;
}

/** Those of a subject whose opening reading lies in a span, a few behind one of them. */
export async function alarmsOpenedWithin(
  sql: Sql,
  span: { subjectId: SubjectId; fromMs: number; untilMs: number },
  { after, limit }: { after: string; limit: number },
): Promise<AlarmRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, rule_key, metric, priority, condition, episode,
      opened_ms, raised_ms, condition_ended_ms, acknowledged_ms, acknowledged_by, resolved_ms,
      calls, is_late_high, detail_sealed
    FROM alarm
    WHERE subject_id = ${span.subjectId} AND id COLLATE "C" > ${after}
      AND opened_ms >= ${span.fromMs} AND opened_ms < ${span.untilMs}
    ORDER BY id COLLATE "C" LIMIT ${limit}`;
}

/** Breaches that came back to an alarm instead of raising their own, and late ones that it tells of. */
export async function readReturns(
  sql: Sql,
  sinceMs: number,
): Promise<Pick<TransitionRow, 'subject_id' | 'alarm_id' | 'what'>[]> {
  return await sql`
    SELECT subject_id, alarm_id, what FROM alarm_transition
    WHERE (what LIKE 'returned@%' OR what LIKE 'passed@%') AND at_ms >= ${sinceMs}
    ORDER BY at_ms`;
}
