/** SQL of protocols: versions are only ever added, assignments and overrides begin and end. */
import type { Protocol } from '@ausculta/rules/protocol/protocol';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface VersionRow {
  readonly organisation_id: OrganisationId;
  readonly key: string;
  readonly version: number;
  readonly protocol: Protocol;
  readonly reason: string | null;
  readonly made_ms: number;
  readonly made_by: string | null;
}

export interface FollowedRow {
  readonly organisation_id: OrganisationId;
  readonly key: string;
  readonly version: number;
  readonly chosen_ms: number;
  readonly chosen_by: string | null;
}

export interface AssignmentRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly subject_id: SubjectId | null;
  readonly ward: string | null;
  readonly category: PatientCategory | null;
  readonly key: string;
  readonly spo2_scale: 1 | 2;
  readonly begun_ms: number;
  readonly begun_by: string | null;
}

export interface OverrideRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly sealed: Uint8Array;
  readonly author_id: string | null;
  readonly from_ms: number;
  readonly until_ms: number;
}

export interface Ending {
  readonly id: string;
  readonly atMs: number;
  readonly by: string | null;
}

export async function readVersions(sql: Sql): Promise<VersionRow[]> {
  return await sql`
    SELECT organisation_id, key, version, protocol, reason, made_ms, made_by
    FROM protocol_version ORDER BY organisation_id, key, version`;
}

export async function readFollowed(sql: Sql): Promise<FollowedRow[]> {
  return await sql`
    SELECT organisation_id, key, version, chosen_ms, chosen_by FROM protocol_followed`;
}

/** Those in force. */
export async function readAssignments(sql: Sql): Promise<AssignmentRow[]> {
  return await sql`
    SELECT organisation_id, id, subject_id, ward, category, key, spo2_scale, begun_ms, begun_by
    FROM protocol_assignment WHERE ended_ms IS NULL ORDER BY begun_ms, id`;
}

/** Those in force, or still to be. */
export async function readOverrides(sql: Sql, nowMs: number): Promise<OverrideRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, sealed, author_id, from_ms, until_ms
    FROM protocol_override WHERE ended_ms IS NULL AND until_ms > ${nowMs} ORDER BY from_ms, id`;
}

export async function insertVersion(sql: Sql, row: VersionRow): Promise<void> {
  const { protocol, ...rest } = row;
  await sql`
    INSERT INTO protocol_version ${sql({ ...rest, protocol: sql.json(protocol) as never })}`;
}

export async function writeFollowed(sql: Sql, row: FollowedRow): Promise<void> {
  await sql`
    INSERT INTO protocol_followed ${sql(row)}
    ON CONFLICT (organisation_id, key) DO UPDATE SET version = excluded.version,
      chosen_ms = excluded.chosen_ms, chosen_by = excluded.chosen_by`;
}

export async function insertAssignment(sql: Sql, row: AssignmentRow): Promise<void> {
  await sql`INSERT INTO protocol_assignment ${sql(row)}`;
}

export async function endAssignment(sql: Sql, { id, atMs, by }: Ending): Promise<void> {
  await sql`
    UPDATE protocol_assignment SET ended_ms = greatest(begun_ms, ${atMs}), ended_by = ${by}
    WHERE id = ${id} AND ended_ms IS NULL`;
}

export async function insertOverride(sql: Sql, row: OverrideRow): Promise<void> {
  await sql`INSERT INTO protocol_override ${sql(row)}`;
}

export async function endOverride(
  sql: Sql,
  { id, subjectId, atMs, by }: Ending & { readonly subjectId: SubjectId },
): Promise<void> {
  await sql`
    UPDATE protocol_override SET ended_ms = greatest(from_ms, ${atMs}), ended_by = ${by}
    WHERE subject_id = ${subjectId} AND id = ${id} AND ended_ms IS NULL`;
}
