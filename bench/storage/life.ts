// A server's life in fast motion: what devices send is flushed, merged and vacuumed in the order and as
// often as it would be, by the engine's own parts, into a database of its own.
import { randomBytes, randomUUID } from 'node:crypto';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { openPools, type Sql } from '../../apps/server/src/database/pool.ts';
import { RegisteredDevice } from '../../apps/server/src/devices/known-device.ts';
import { Registry } from '../../apps/server/src/devices/registry.ts';
import type { Series } from '../../apps/server/src/line/entry.ts';
import { type ChunkContent, encodeContent } from '../../apps/server/src/telemetry/chunk-content.ts';
import { cutReadings, cutRuns } from '../../apps/server/src/telemetry/chunk-cuts.ts';
import { mergeChunks } from '../../apps/server/src/telemetry/chunk-merge.ts';
import { sealChunk } from '../../apps/server/src/telemetry/chunk-row.ts';
import { Compaction } from '../../apps/server/src/telemetry/compaction.ts';
import { type ChunkRow, insertChunks, takeLane } from '../../apps/server/src/telemetry/store.ts';
import { endOf } from '../../apps/server/src/telemetry/waveform-head.ts';
import { createSeal, type Seal } from '../../apps/server/src/vault/seal.ts';
import { oneKey } from '../../tests/support/keys.ts';
import { aloneIn } from '../../tests/support/lane.ts';
import { startTestServer } from '../../tests/support/postgres-server.ts';

export interface Scene {
  readonly patients: number;
  readonly metrics: readonly string[];
  readonly startMs: number;
  readonly untilMs: number;
  readonly flushEveryMs: number;
  /** One value every so often, taken round and round from a list. */
  readonly readings?: (patient: number) => {
    readonly everyMs: number;
    readonly values: Float64Array;
    readonly skip: number;
  };
  /** Or a recording, its whole minutes again and again. */
  readonly run?: (patient: number, lead: number) => WaveformRun;
}

export interface Weight {
  readonly bytes: number;
  readonly values: number;
  readonly chunks: number;
  readonly openChunks: number;
}

const MINUTE_MS = 60_000;

/** Flushes between two looks at what is due; a real server looks every second. */
const FLUSHES_A_TURN = 8;

/** When autovacuum would come (0012-vacuum-chunks-early.sql). */
const DEAD_ROWS_MIN = 500;

export async function live(scene: Scene): Promise<Weight> {
  await using server = await startTestServer();
  await using pools = openPools(server.places.connection, { line: 4, people: 1 });
  const sql = pools.line;
  const seal = createSeal(randomBytes(32), randomBytes);
  const emptyBytes = await databaseBytes(sql);
  const registry = await Registry.load({ sql, inLane: aloneIn(sql), keys: oneKey(seal) });
  const series = await admit(registry, sql, scene);
  const compaction = new Compaction({
    sql,
    sealOf: () => seal,
    seriesById: registry.seriesById,
    merge: (job) => Promise.resolve(mergeChunks(job)),
    lane: 0,
    fence: await takeLane(sql, 0),
    nowMs: () => Date.now(),
    pause: () => Promise.resolve(),
    onProblem: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  let values = 0;
  let flushes = 0;
  let added = 0;
  for (let atMs = scene.startMs; atMs < scene.untilMs; atMs += scene.flushEveryMs) {
    flushes += 1;
    const span = { fromMs: atMs, toMs: atMs + scene.flushEveryMs };
    const rows = series.flatMap((one) =>
      rowsOf(scene, one, { ...span, generation: flushes, seal }),
    );
    await insertChunks(sql, rows);
    compaction.note(rows);
    added += rows.length;
    for (const { count } of rows) values += count;
    if (flushes % FLUSHES_A_TURN !== 0) continue;
    await compaction.turn(Number.POSITIVE_INFINITY);
    // Each of these is deleted sooner or later: autovacuum would come about as often.
    if (added < DEAD_ROWS_MIN) continue;
    added = 0;
    await sql`VACUUM chunk`;
  }
  await compaction.turn(Number.POSITIVE_INFINITY);
  await sql`VACUUM (ANALYZE)`;
  const [count] = await sql<{ chunks: number; open: number }[]>`
    SELECT count(*)::integer AS chunks, (count(*) FILTER (WHERE NOT closed))::integer AS open FROM chunk`;
  const bytes = (await databaseBytes(sql)) - emptyBytes;
  return { bytes, values, chunks: count?.chunks ?? 0, openChunks: count?.open ?? 0 };
}

async function databaseBytes(sql: Sql): Promise<number> {
  const [size] = await sql<{ bytes: number }[]>`
    SELECT pg_database_size(current_database())::bigint AS bytes`;
  return size?.bytes ?? Number.NaN;
}

interface BenchSeries {
  readonly series: Series;
  readonly patient: number;
  readonly lead: number;
}

/** Patients with a device each. */
async function admit(registry: Registry, sql: Sql, scene: Scene): Promise<BenchSeries[]> {
  const organisationId = randomUUID() as OrganisationId;
  await sql`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'Bench')`;
  const all: BenchSeries[] = [];
  for (let patient = 0; patient < scene.patients; patient += 1) {
    const id = randomUUID() as SubjectId;
    const identity = { familyName: 'B', givenName: '', sex: 'unknown', recordNumber: id } as const;
    const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
    await registry.addSubject({ organisationId, id, ...person });
    const tokenHash = randomBytes(32);
    const whose = { id: `bench-${patient}` as DeviceId, organisationId };
    const device = new RegisteredDevice({ ...whose, model: 'bench', tokenHash });
    await registry.addDevice(device, id, 0);
    const placement = device.subjectAt(scene.startMs);
    if (placement === undefined) throw new Error('nobody wears the device');
    const wanted = scene.metrics.map((key) => ({ placement, metric: metricOf(key), epoch: 1 }));
    await registry.provide(device, { clock: undefined, series: wanted }, scene.startMs);
    const made = registry.seriesOfSubject(id);
    all.push(...made.map((series, lead) => ({ series, patient, lead })));
  }
  return all;
}

interface Flush {
  readonly fromMs: number;
  readonly toMs: number;
  readonly generation: number;
  readonly seal: Seal;
}

/** What one series brought since the last flush, as the flush makes it. */
function rowsOf(scene: Scene, one: BenchSeries, flush: Flush): ChunkRow[] {
  const contents =
    scene.run === undefined ? readingsOf(scene, one, flush) : runsOf(scene.run, one, flush);
  return contents.map(({ content, firstMs, lastMs, count }) => {
    const { series } = one;
    const { generation, seal } = flush;
    const place = { series, kind: content.kind, generation, firstMs, lastMs, count, closed: false };
    return sealChunk(seal, { ...encodeContent(content), ...place });
  });
}

interface Cut {
  readonly content: ChunkContent;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

function readingsOf({ startMs, readings }: Scene, { patient }: BenchSeries, flush: Flush): Cut[] {
  const source = readings?.(patient);
  if (source === undefined) return [];
  const { everyMs, values: all, skip } = source;
  const count = (flush.toMs - flush.fromMs) / everyMs;
  const first = (flush.fromMs - startMs) / everyMs;
  const stampsMs = Float64Array.from({ length: count }, (_, i) => flush.fromMs + i * everyMs);
  const values = stampsMs.map((_, i) => all[(first + i + skip) % all.length] as number);
  return cutReadings(stampsMs).map(({ firstMs, from, until }) => {
    const columns = {
      stampsMs: stampsMs.slice(from, until),
      values: values.slice(from, until),
      flags: new Uint8Array(until - from),
    };
    const lastMs = stampsMs[until - 1] as number;
    return { content: { kind: 'readings', columns }, firstMs, lastMs, count: until - from };
  });
}

function runsOf(
  run: NonNullable<Scene['run']>,
  { patient, lead }: BenchSeries,
  flush: Flush,
): Cut[] {
  const whole = run(patient, lead);
  const perMs = whole.rate.numerator / (1000 * whole.rate.denominator);
  const minutes = Math.floor(whole.samples.length / perMs / MINUTE_MS);
  const fromMs = (flush.fromMs - whole.startMs) % (minutes * MINUTE_MS);
  const untilMs = fromMs + flush.toMs - flush.fromMs;
  const samples = whole.samples.slice(fromMs * perMs, untilMs * perMs);
  if (samples.length === 0) return [];
  return cutRuns([{ ...whole, startMs: flush.fromMs, samples }]).map(({ firstMs, runs }) => ({
    content: { kind: 'waveform', runs },
    firstMs,
    lastMs: Math.ceil(Math.max(...runs.map(endOf))),
    count: runs.reduce((sum, part) => sum + part.samples.length, 0),
  }));
}
