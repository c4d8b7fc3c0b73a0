/** SQL of the registry: subjects, devices, assignments, clocks, series. */
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { PacedState, PatientCategory, SubjectKind } from '@ausculta/vitals/subject';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface SubjectRow {
  readonly organisation_id: OrganisationId;
  readonly id: SubjectId;
  readonly kind: SubjectKind;
  readonly partition: number;
  readonly category: PatientCategory;
  readonly paced: PacedState;
  readonly identity_sealed: Uint8Array;
}

export interface DeviceRow {
  readonly organisation_id: OrganisationId;
  readonly id: DeviceId;
  readonly token_hash: Uint8Array;
  readonly model: string;
  readonly is_disabled: boolean;
}

export interface AssignmentRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly subject_id: SubjectId;
  readonly valid_from_ms: number;
  readonly valid_until_ms: number | null;
  readonly source: string;
}

export interface ClockEpochRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly epoch: number;
  readonly started_received_ms: number;
  readonly started_stamp_ms: number;
  readonly reason: string;
}

export interface ClockOffsetRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly epoch: number;
  readonly from_stamp_ms: number;
  readonly offset_ms: number;
  readonly uncertainty_ms: number;
  readonly source: string;
}

export interface SeriesRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: number;
  readonly partition: number;
  readonly device_id: DeviceId;
  readonly metric: string;
  readonly epoch: number;
}

export async function readSubjects(sql: Sql): Promise<SubjectRow[]> {
  return await sql`
    SELECT organisation_id, id, kind, partition, category, paced, identity_sealed FROM subject`;
}

/** Of any one subject. */
export async function sampleSubject(
  sql: Sql,
): Promise<Pick<SubjectRow, 'organisation_id' | 'id' | 'identity_sealed'> | undefined> {
  const rows = await sql<SubjectRow[]>`
    SELECT organisation_id, id, identity_sealed FROM subject
    WHERE identity_sealed IS NOT NULL ORDER BY created_at DESC LIMIT 1`;
  return rows[0];
}

export async function writeIdentity(
  sql: Sql,
  row: Pick<SubjectRow, 'organisation_id' | 'id' | 'identity_sealed'>,
): Promise<void> {
  await sql`
    UPDATE subject SET identity_sealed = ${row.identity_sealed}
    WHERE organisation_id = ${row.organisation_id} AND id = ${row.id}`;
}

/** Who it is, and what limits may apply. */
export async function writeSubject(
  sql: Sql,
  row: Pick<SubjectRow, 'organisation_id' | 'id' | 'category' | 'paced' | 'identity_sealed'>,
): Promise<void> {
  await sql`
    UPDATE subject
    SET category = ${row.category}, paced = ${row.paced}, identity_sealed = ${row.identity_sealed}
    WHERE organisation_id = ${row.organisation_id} AND id = ${row.id}`;
}

export async function insertSubject(sql: Sql, row: SubjectRow): Promise<void> {
  await sql`INSERT INTO subject ${sql(row)}`;
}

/** Disabled ones too: what they measured keeps its place in time by their clocks. */
export async function readDevices(sql: Sql): Promise<DeviceRow[]> {
  return await sql`
    SELECT organisation_id, id, token_hash, model, disabled_at IS NOT NULL AS is_disabled
    FROM device`;
}

/** Whoever gets a new token may sign in again. */
export async function writeToken(sql: Sql, id: DeviceId, tokenHash: Uint8Array): Promise<void> {
  await sql`UPDATE device SET token_hash = ${tokenHash}, disabled_at = NULL WHERE id = ${id}`;
}

export async function disableDevice(sql: Sql, id: DeviceId, atMs: number): Promise<void> {
  await sql`
    UPDATE device SET disabled_at = coalesce(disabled_at, ${new Date(atMs)}) WHERE id = ${id}`;
}

/** False when the id is taken: ids are unique across organisations, for they travel in topics. */
export async function insertDevice(
  sql: Sql,
  row: Omit<DeviceRow, 'is_disabled'>,
): Promise<boolean> {
  const rows = await sql`INSERT INTO device ${sql(row)} ON CONFLICT (id) DO NOTHING RETURNING 1`;
  return rows.length === 1;
}

export async function readAssignments(sql: Sql): Promise<AssignmentRow[]> {
  return await sql`
    SELECT organisation_id, device_id, subject_id, valid_from_ms, valid_until_ms, source
    FROM device_assignment ORDER BY device_id, valid_from_ms`;
}

export async function insertAssignment(sql: Sql, row: AssignmentRow): Promise<void> {
  await sql`INSERT INTO device_assignment ${sql(row)}`;
}

/** A device's history, behind whoever is writing it just now, and nobody else's until this is over. */
export async function lockAssignments(sql: Sql, deviceId: DeviceId): Promise<AssignmentRow[]> {
  await sql`SELECT FROM device WHERE id = ${deviceId} FOR UPDATE`;
  return await sql`
    SELECT organisation_id, device_id, subject_id, valid_from_ms, valid_until_ms, source
    FROM device_assignment WHERE device_id = ${deviceId} ORDER BY valid_from_ms FOR UPDATE`;
}

/** Makes a device's history this one; a row that stays as it was keeps its source. */
export async function writeAssignments(
  sql: Sql,
  deviceId: DeviceId,
  rows: readonly AssignmentRow[],
): Promise<void> {
  const known = await lockAssignments(sql, deviceId);
  const isIn = (all: readonly AssignmentRow[], row: AssignmentRow): boolean =>
    all.some(
      (one) =>
        one.subject_id === row.subject_id &&
        one.valid_from_ms === row.valid_from_ms &&
        one.valid_until_ms === row.valid_until_ms,
    );
  const gone = known.filter((row) => !isIn(rows, row)).map((row) => row.valid_from_ms);
  await sql`
    DELETE FROM device_assignment
    WHERE device_id = ${deviceId} AND valid_from_ms = ANY(${gone}::bigint[])`;
  for (const row of rows) if (!isIn(known, row)) await insertAssignment(sql, row);
}

export async function readClockEpochs(sql: Sql): Promise<ClockEpochRow[]> {
  return await sql`
    SELECT organisation_id, device_id, epoch, started_received_ms, started_stamp_ms, reason
    FROM clock_epoch ORDER BY device_id, epoch`;
}

export async function readClockOffsets(sql: Sql): Promise<ClockOffsetRow[]> {
  return await sql`
    SELECT organisation_id, device_id, epoch, from_stamp_ms, offset_ms, uncertainty_ms, source
    FROM clock_offset ORDER BY device_id, epoch, from_stamp_ms`;
}

/** Writes down a clock's new epoch (if it is one) and the offset that holds from a stamp on. */
export async function writeClock(
  sql: Sql,
  change: { epoch: ClockEpochRow | undefined; offset: ClockOffsetRow },
): Promise<void> {
  if (change.epoch !== undefined) {
    await sql`INSERT INTO clock_epoch ${sql(change.epoch)} ON CONFLICT DO NOTHING`;
  }
  await sql`
    INSERT INTO clock_offset ${sql(change.offset)}
    ON CONFLICT (device_id, epoch, from_stamp_ms)
    DO UPDATE SET offset_ms = excluded.offset_ms, uncertainty_ms = excluded.uncertainty_ms`;
}

/** In the order in which they were made. */
export async function readSeries(sql: Sql): Promise<SeriesRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, partition, device_id, metric, epoch
    FROM series ORDER BY id`;
}

/** The id of a series, made on first use. */
export async function upsertSeries(sql: Sql, row: Omit<SeriesRow, 'id'>): Promise<number> {
  const [series] = await sql<{ id: number }[]>`
    INSERT INTO series ${sql(row)}
    ON CONFLICT (subject_id, device_id, metric, epoch) DO UPDATE SET partition = series.partition
    RETURNING id`;
  expect(series !== undefined, 'an upsert returns its row');
  return series.id;
}
