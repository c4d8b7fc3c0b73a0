// An archive of one series in a database of its own, and chunks to put into it.
import { randomBytes } from 'node:crypto';
import { encodeReadings } from '@ausculta/blocks/readings-block';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { InLane } from '../../apps/server/src/database/pool.ts';
import { RegisteredDevice } from '../../apps/server/src/devices/known-device.ts';
import { Registry } from '../../apps/server/src/devices/registry.ts';
import type { Series } from '../../apps/server/src/line/entry.ts';
import { chunkContext } from '../../apps/server/src/telemetry/chunk-row.ts';
import { Heads } from '../../apps/server/src/telemetry/heads.ts';
import { ALL_TIME, type SeriesRange } from '../../apps/server/src/telemetry/merge.ts';
import type { QueryPorts } from '../../apps/server/src/telemetry/query-ports.ts';
import { insertChunks } from '../../apps/server/src/telemetry/store.ts';
import { zstd } from '../../apps/server/src/telemetry/zstd.ts';
import { createSeal } from '../../apps/server/src/vault/seal.ts';
import type { TestDatabase } from './database.ts';
import { oneKey } from './keys.ts';
import { aloneIn } from './lane.ts';
import { NOON, ORGANISATION, subjectId } from './line.ts';

export const SUBJECT = subjectId(1);
export const MINUTE_MS = 60_000;
export const seal = createSeal(randomBytes(32), randomBytes);
export const keys = oneKey(seal);

export interface Archive extends QueryPorts {
  readonly series: Series;
  readonly problems: string[];
  /** Chunks that were opened so far. */
  readonly opened: () => number;
}

export async function openArchive(database: TestDatabase): Promise<Archive> {
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const registry = await Registry.load({
    sql: database.line,
    inLane: aloneIn(database.line),
    keys,
  });
  const identity = { familyName: 'S', givenName: '', sex: 'unknown', recordNumber: '1' } as const;
  const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
  await registry.addSubject({ organisationId: ORGANISATION, id: SUBJECT, ...person });
  const id = 'monitor-1' as DeviceId;
  const tokenHash = randomBytes(32);
  const device = new RegisteredDevice({ id, organisationId: ORGANISATION, model: 'm', tokenHash });
  await registry.addDevice(device, SUBJECT, 0);
  const placement = device.subjectAt(NOON);
  expect(placement !== undefined, 'the device is worn');
  const wanted = { placement, metric: metricOf('heart-rate'), epoch: 1 };
  await registry.provide(device, { clock: undefined, series: [wanted] }, NOON);
  const [series] = registry.seriesOfSubject(SUBJECT);
  expect(series !== undefined, 'a series that was asked for is there');
  let opened = 0;
  const problems: string[] = [];
  return {
    sql: database.line,
    read: database.read,
    sealOf: () => ({
      ...seal,
      open: (bytes, context) => {
        if (context.startsWith('chunk/')) opened += 1;
        return seal.open(bytes, context);
      },
    }),
    heads: new Heads(),
    onProblem: (what) => void problems.push(what),
    problems,
    registry,
    offsetsOf: (one) => registry.offsetsOf(one),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    series,
    opened: () => opened,
  };
}

export const OTHER = subjectId(2);

/** The same with somebody else, whom nothing has been measured of, in a registry of its own. */
export async function openWard(database: TestDatabase, inLane: InLane = aloneIn(database.line)) {
  await openArchive(database);
  const registry = await Registry.load({ sql: database.line, inLane, keys });
  const identity = { familyName: 'B', givenName: '', sex: 'unknown', recordNumber: '2' } as const;
  const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
  await registry.addSubject({ organisationId: ORGANISATION, id: OTHER, ...person });
  const device = registry.devices.get('monitor-1');
  expect(device !== undefined, 'the archive has a device');
  return { registry, device };
}

/** Chunks of one minute each, ten readings in a chunk; each value is the number of its reading. */
export async function fill(archive: Archive, chunks: number): Promise<void> {
  const rows = Array.from({ length: chunks }, (_, minute) =>
    chunkOf(archive.series, {
      generation: minute + 1,
      stampsMs: Array.from({ length: 10 }, (_, i) => NOON + minute * MINUTE_MS + i * 6_000),
      valueOf: (i) => minute * 10 + i,
    }),
  );
  await insertChunks(archive.sql, rows);
}

export function chunkOf(
  series: Series,
  part: { generation: number; stampsMs: number[]; valueOf: (i: number) => number },
) {
  const { generation, stampsMs } = part;
  const block = encodeReadings(
    {
      stampsMs: Float64Array.from(stampsMs),
      values: Float64Array.from(stampsMs, (_, i) => part.valueOf(i)),
      flags: new Uint8Array(stampsMs.length),
    },
    zstd,
  );
  expect(block.ok, 'it can be encoded');
  const first_ms = stampsMs[0] as number;
  const last_ms = stampsMs.at(-1) as number;
  const sealed = seal.seal(block.value, chunkContext(series.id, generation, first_ms));
  return {
    organisation_id: series.organisationId,
    partition: series.partition,
    subject_id: series.subjectId,
    series_id: series.id,
    kind: 'readings' as const,
    ...{ first_ms, last_ms, generation, count: stampsMs.length, bytes: sealed.length, sealed },
  };
}

export const QUESTION = {
  subjectId: SUBJECT,
  metrics: ['heart-rate'],
  ...ALL_TIME,
  unreadable: [] as UnreadablePart[],
};

export async function collect(from: AsyncIterable<SeriesRange[]>): Promise<number[][]> {
  const found: number[][] = [];
  for await (const ranges of from) found.push(ranges.flatMap(({ values }) => [...values]));
  return found;
}
