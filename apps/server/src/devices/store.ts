/** SQL of the registry: subjects, devices, assignments, clocks, series. */
import type { DeviceAbout, DeviceKind } from '@ausculta/vitals/device';
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
  readonly kind: DeviceKind | null;
  readonly manufacturer: string | null;
  readonly serial_number: string | null;
  readonly system_id: string | null;
  readonly is_disabled: boolean;
}

type AboutRow = Pick<DeviceRow, 'kind' | 'manufacturer' | 'serial_number' | 'system_id'>;

export function aboutOfRow({
  kind,
  manufacturer,
  serial_number,
  system_id,
}: AboutRow): DeviceAbout {
  return {
    ...(kind !== null && { kind }),
    ...(manufacturer !== null && { manufacturer }),
    ...(serial_number !== null && { serialNumber: serial_number }),
    ...(system_id !== null && { systemId: system_id }),
  };
}

export function rowOfAbout({ kind, manufacturer, serialNumber, systemId }: DeviceAbout): AboutRow {
  return {
    ...{ kind: kind ?? null, manufacturer: manufacturer ?? null },
    ...{ serial_number: serialNumber ?? null, system_id: systemId ?? null },
  };
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
    SELECT organisation_id, id, token_hash, model, kind, manufacturer, serial_number, system_id,
      disabled_at IS NOT NULL AS is_disabled
    FROM device`;
}

export async function writeAbout(sql: Sql, id: DeviceId, about: DeviceAbout): Promise<void> {
  await sql`UPDATE device SET ${sql(rowOfAbout(about))} WHERE id = ${id}`;
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

export interface ClockRows {
  readonly epoch: ClockEpochRow | undefined;
  readonly offset: ClockOffsetRow;
}

/** Writes down new epochs of clocks, where there are some, and the offsets that hold from a stamp on. */
export async function writeClocks(sql: Sql, changes: readonly ClockRows[]): Promise<void> {
  const epochs = changes.flatMap(({ epoch }) => epoch ?? []);
  if (epochs.length > 0) await sql`INSERT INTO clock_epoch ${sql(epochs)} ON CONFLICT DO NOTHING`;
  // What is said last of a stamp holds, and one statement says it once.
  const offsets = new Map(
    changes.map(({ offset }) => [
      JSON.stringify([offset.device_id, offset.epoch, offset.from_stamp_ms]),
      offset,
    ]),
  );
  await sql`
    INSERT INTO clock_offset ${sql([...offsets.values()])}
    ON CONFLICT (device_id, epoch, from_stamp_ms)
    DO UPDATE SET offset_ms = excluded.offset_ms, uncertainty_ms = excluded.uncertainty_ms`;
}

/** In the order in which they were made. */
export async function readSeries(sql: Sql): Promise<SeriesRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, partition, device_id, metric, epoch
    FROM series ORDER BY id`;
}

export type SeriesName = Omit<SeriesRow, 'id'>;

/** The ids of series, made on first use, in the order in which they are asked for. */
export async function upsertSeries(sql: Sql, rows: readonly SeriesName[]): Promise<number[]> {
  const nameOf = (row: Pick<SeriesName, 'subject_id' | 'device_id' | 'metric' | 'epoch'>): string =>
    JSON.stringify([row.subject_id, row.device_id, row.metric, row.epoch]);
  const wanted = new Map(rows.map((row) => [nameOf(row), row]));
  const found = await sql<SeriesRow[]>`
    INSERT INTO series ${sql([...wanted.values()])}
    ON CONFLICT (subject_id, device_id, metric, epoch) DO UPDATE SET partition = series.partition
    RETURNING id, subject_id, device_id, metric, epoch`;
  const ids = new Map(found.map((row) => [nameOf(row), row.id]));
  return rows.map((row) => {
    const id = ids.get(nameOf(row));
    expect(id !== undefined, 'an upsert returns its rows');
    return id;
  });
}
