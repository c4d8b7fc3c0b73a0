/** SQL of alarms. Inserts and transitions are idempotent: a replay or a retry changes nothing. */
import type { AlarmCondition, AlarmEpisode, AlarmPriority } from '@ausculta/vitals/alarm';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface AlarmRow {
  readonly organisation_id: string;
  readonly subject_id: string;
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
  readonly acknowledged_by: string | null;
  readonly resolved_ms: number | null;
  readonly detail_sealed: Uint8Array | null;
}

export interface TransitionRow {
  readonly organisation_id: string;
  readonly subject_id: string;
  readonly alarm_id: string;
  readonly cause: string;
  readonly what: string;
  readonly at_ms: number;
}

/** Writes alarms as they now stand. What a person did is never undone by a machine's older picture. */
export async function writeAlarms(sql: Sql, rows: readonly AlarmRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO alarm ${sql(rows as AlarmRow[])}
    ON CONFLICT (subject_id, id) DO UPDATE SET
      condition = excluded.condition,
      condition_ended_ms = excluded.condition_ended_ms,
      episode = CASE WHEN alarm.episode = 'resolved' THEN alarm.episode
                     WHEN alarm.episode = 'acknowledged' AND excluded.episode = 'raised'
                     THEN alarm.episode ELSE excluded.episode END,
      acknowledged_ms = coalesce(alarm.acknowledged_ms, excluded.acknowledged_ms),
      acknowledged_by = coalesce(alarm.acknowledged_by, excluded.acknowledged_by),
      resolved_ms = coalesce(alarm.resolved_ms, excluded.resolved_ms),
      detail_sealed = excluded.detail_sealed`;
}

export async function writeTransitions(sql: Sql, rows: readonly TransitionRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`INSERT INTO alarm_transition ${sql(rows as TransitionRow[])} ON CONFLICT DO NOTHING`;
}

/** All that still concern somebody, and those raised since `sinceMs`. */
export async function readAlarms(sql: Sql, sinceMs: number): Promise<AlarmRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, rule_key, metric, priority, condition, episode,
      opened_ms, raised_ms, condition_ended_ms, acknowledged_ms, acknowledged_by, resolved_ms,
      detail_sealed
    FROM alarm
    WHERE episode <> 'resolved' OR condition = 'present' OR raised_ms >= ${sinceMs}`;
}
