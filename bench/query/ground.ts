// The database of a query bench, filled without the doors: patients by the thousand, and chunks as the
// engine stores them.
import { randomBytes, randomUUID } from 'node:crypto';
import { encodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import type { Result } from '@ausculta/vitals/fault';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { openPools, type Pools, type Sql } from '../../apps/server/src/database/pool.ts';
import { identityContext } from '../../apps/server/src/devices/identity-seal.ts';
import { partitionOf } from '../../apps/server/src/devices/partition.ts';
import type { Series } from '../../apps/server/src/line/entry.ts';
import { type MergedChunk, mergeChunks } from '../../apps/server/src/telemetry/chunk-merge.ts';
import { sealChunk } from '../../apps/server/src/telemetry/chunk-row.ts';
import { ALL_TIME } from '../../apps/server/src/telemetry/merge.ts';
import { type ChunkRow, insertChunks } from '../../apps/server/src/telemetry/store.ts';
import { zstd } from '../../apps/server/src/telemetry/zstd.ts';
import { createSeal, type Seal } from '../../apps/server/src/vault/seal.ts';
import { oneKey } from '../../tests/support/keys.ts';
import { startTestServer } from '../../tests/support/postgres-server.ts';

const ROWS_AT_ONCE = 500;

export interface PatientSeries {
  readonly id: number;
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly partition: number;
}

export interface Patient {
  readonly id: SubjectId;
  /** In the order of the metrics that were asked for. */
  readonly series: readonly PatientSeries[];
}

export interface Ground extends AsyncDisposable {
  readonly pools: Pools;
  readonly keys: ReturnType<typeof oneKey>;
  readonly organisationId: OrganisationId;
  /** Patients with a monitor each that measures these. */
  addPatients(count: number, metrics: readonly string[]): Promise<Patient[]>;
  /** As chunks that are full; a later generation is read before an earlier one. */
  store(series: PatientSeries, generation: number, columns: ReadingColumns): Promise<void>;
  /** The same of samples. */
  storeRun(series: PatientSeries, generation: number, run: WaveformRun): Promise<void>;
  /** What it holds is known to the planner. */
  settle(): Promise<void>;
}

export async function openGround(): Promise<Ground> {
  await using parts = new AsyncDisposableStack();
  const server = parts.use(await startTestServer());
  const pools = parts.use(openPools(server.places.connection, { line: 4, people: 4 }));
  const seal = createSeal(randomBytes(32), randomBytes);
  const organisationId = randomUUID() as OrganisationId;
  await pools.line`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'Bench')`;
  const kept = parts.move();
  return {
    pools,
    keys: oneKey(seal),
    organisationId,
    addPatients: (count, metrics) =>
      addPatients(pools.line, { seal, organisationId, count, metrics }),
    store: (series, generation, columns) =>
      insertChunks(pools.line, [...chunksOf(series, { generation, columns, seal })]),
    storeRun: (series, generation, run) =>
      insertChunks(pools.line, runChunksOf(series, { generation, run, seal })),
    async settle() {
      using connection = await reserved(pools.line);
      await connection.sql`SET statement_timeout = 0`;
      await connection.sql`VACUUM ANALYZE`;
      await connection.sql`RESET statement_timeout`;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function reserved(sql: Sql) {
  const own = await sql.reserve();
  return { sql: own, [Symbol.dispose]: () => own.release() };
}

/** As full chunks: so many readings are stored at once, and fit a block. */
export const PIECE_READINGS = 31 * 32_768;

interface Stored {
  readonly generation: number;
  readonly columns: ReadingColumns;
  readonly seal: Seal;
}

function* chunksOf(series: PatientSeries, { generation, columns, seal }: Stored) {
  for (let at = 0; at < columns.stampsMs.length; at += PIECE_READINGS) {
    const piece = {
      stampsMs: columns.stampsMs.subarray(at, at + PIECE_READINGS),
      values: columns.values.subarray(at, at + PIECE_READINGS),
      flags: columns.flags.subarray(at, at + PIECE_READINGS),
    };
    const merged = merge('readings', generation, encodeReadings(piece, zstd));
    const of = { kind: 'readings', series: seriesOf(series, 'heart-rate'), closed: true } as const;
    yield* merged.map((chunk) => sealChunk(seal, { ...of, ...chunk }));
  }
}

function runChunksOf(
  series: PatientSeries,
  what: { readonly generation: number; readonly run: WaveformRun; readonly seal: Seal },
): ChunkRow[] {
  const merged = merge('waveform', what.generation, encodeRuns([what.run], zstd));
  const of = { kind: 'waveform', series: seriesOf(series, 'ecg-ii'), closed: true } as const;
  return merged.map((chunk) => sealChunk(what.seal, { ...of, ...chunk }));
}

/** What compaction makes of it. */
function merge(
  kind: ChunkRow['kind'],
  generation: number,
  block: Result<Uint8Array>,
): readonly MergedChunk[] {
  if (!block.ok) throw new Error(block.fault.detail);
  const parts = [{ generation, block: block.value }];
  const merged = mergeChunks({ kind, parts, region: ALL_TIME });
  if (!merged.ok) throw new Error(merged.fault.detail);
  return merged.value;
}

function seriesOf(series: PatientSeries, metric: string): Series {
  return { ...series, deviceId: 'bench' as DeviceId, metric: metricOf(metric), epoch: 1 };
}

interface Wanted {
  readonly seal: Seal;
  readonly organisationId: OrganisationId;
  readonly count: number;
  readonly metrics: readonly string[];
}

async function addPatients(sql: Sql, wanted: Wanted): Promise<Patient[]> {
  const patients: Patient[] = [];
  for (let left = wanted.count; left > 0; left -= ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, left);
    for (const patient of await addSome(sql, { ...wanted, count })) patients.push(patient);
  }
  return patients;
}

async function addSome(
  sql: Sql,
  { seal, organisationId, count, metrics }: Wanted,
): Promise<Patient[]> {
  const organisation_id = organisationId;
  const subjects = Array.from({ length: count }, () => {
    const id = randomUUID() as SubjectId;
    const identity = { familyName: 'B', givenName: '', sex: 'unknown', recordNumber: id };
    const clear = new TextEncoder().encode(JSON.stringify(identity));
    const identity_sealed = seal.seal(clear, identityContext(organisationId, id));
    const partition = partitionOf(organisationId, id);
    const row = { organisation_id, id, kind: 'patient', partition, category: 'adult', paced: 'no' };
    return { ...row, identity_sealed };
  });
  await sql`INSERT INTO subject ${sql(subjects)}`;
  const deviceOf = (id: SubjectId): string => `bench-${id.slice(0, 18)}`;
  const devices = subjects.map(({ id }) => ({
    organisation_id,
    id: deviceOf(id),
    token_hash: randomBytes(32),
    model: 'bench',
  }));
  await sql`INSERT INTO device ${sql(devices)}`;
  const assignments = subjects.map(({ id }) => ({
    organisation_id,
    device_id: deviceOf(id),
    subject_id: id,
    valid_from_ms: 0,
    source: 'registration',
  }));
  await sql`INSERT INTO device_assignment ${sql(assignments)}`;
  const wanted = subjects.flatMap(({ id, partition }) =>
    metrics.map((metric) => ({
      ...{ organisation_id, subject_id: id, partition, device_id: deviceOf(id), metric, epoch: 1 },
    })),
  );
  const made = await sql<{ id: number; subject_id: SubjectId; metric: string }[]>`
    INSERT INTO series ${sql(wanted)} RETURNING id, subject_id, metric`;
  const idOf = new Map(made.map(({ id, subject_id, metric }) => [`${subject_id} ${metric}`, id]));
  return subjects.map(({ id, partition }) => ({
    id,
    series: metrics.map((metric) => ({
      ...{ id: idOf.get(`${id} ${metric}`) ?? 0, organisationId, subjectId: id, partition },
    })),
  }));
}
