/** What is let go, of whom, and when; by default nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { DeviceId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { Registry } from '../devices/registry.ts';
import { createSeal } from '../vault/seal.ts';
import { encodeContent } from './chunk-content.ts';
import { sealChunk } from './chunk-row.ts';
import { Retention } from './retention.ts';
import { parseRetention, type RetentionRule } from './retention-policy.ts';
import { DAY_MS } from './rollup.ts';
import { insertChunks } from './store.ts';

const seal = createSeal(randomBytes(32), randomBytes);
const HELD = subjectId(2);

/** Two subjects, the second under a hold; of each a heart rate that is 5, 50 and 500 days old. */
async function fill(database: TestDatabase): Promise<Registry> {
  const sql = database.line;
  await sql`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const registry = await Registry.load({ sql, inLane: aloneIn(sql), keys: oneKey(seal) });
  for (const id of [subjectId(1), HELD]) {
    const identity = { familyName: 'S', givenName: '', sex: 'unknown', recordNumber: id } as const;
    const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
    await registry.addSubject({ organisationId: ORGANISATION, id, ...person });
    const whose = { id: `monitor-${id.slice(-1)}` as DeviceId, organisationId: ORGANISATION };
    const device = new RegisteredDevice({ ...whose, model: 'm', tokenHash: randomBytes(32) });
    await registry.addDevice(device, id, 0);
    const placement = device.subjectAt(NOON);
    assert.ok(placement !== undefined);
    const wanted = [{ placement, metric: metricOf('heart-rate'), epoch: 1 }];
    await registry.provide(device, { clock: undefined, series: wanted }, NOON);
    const [series] = registry.seriesOfSubject(id);
    assert.ok(series !== undefined);
    const rows = [5, 50, 500].map((days) => {
      const atMs = NOON - days * DAY_MS;
      const columns = {
        stampsMs: Float64Array.of(atMs),
        values: Float64Array.of(70),
        flags: Uint8Array.of(0),
      };
      const encoded = encodeContent({ kind: 'readings', columns });
      const place = { series, kind: 'readings', generation: days, closed: true } as const;
      return sealChunk(seal, { ...encoded, ...place, firstMs: atMs, lastMs: atMs, count: 1 });
    });
    await insertChunks(sql, rows);
  }
  return registry;
}

/** What is there of a subject afterwards: ages in days of what has its values, and of what has its roll-ups. */
async function keptBy(
  rules: readonly RetentionRule[],
  change: (registry: Registry) => void = () => {},
) {
  await using database = await freshDatabase();
  const registry = await fill(database);
  change(registry);
  const retention = new Retention({
    sql: database.line,
    rules,
    registry,
    holds: { of: (id) => (id === HELD ? ['a dispute'] : []) },
    nowMs: () => NOON,
    pause: async () => undefined,
    onProblem: (_, error) => assert.fail(String(error)),
  });
  await retention.round();
  const rows = await database.line<{ subject_id: string; generation: number; raw: boolean }[]>`
    SELECT subject_id, generation, sealed IS NOT NULL AS raw FROM chunk
    WHERE summary IS NOT NULL ORDER BY generation`;
  const of = (id: string) => {
    const own = rows.filter((row) => row.subject_id === id);
    const days = (some: typeof own) => some.map(({ generation }) => generation);
    return { raw: days(own.filter(({ raw }) => raw)), rollUps: days(own) };
  };
  return { ours: of(subjectId(1)), held: of(HELD) };
}

const ALL = { raw: [5, 50, 500], rollUps: [5, 50, 500] };

test('by default everything is kept', async () => {
  assert.deepEqual(await keptBy([]), { ours: ALL, held: ALL });
});

test('values go first, then their roll-ups, and never of a subject under a legal hold', async () => {
  const rules = parseRetention('numeric raw 30, numeric roll-up 365, waveform raw 1') ?? [];
  const ours = { raw: [5], rollUps: [5, 50] };
  assert.deepEqual(await keptBy(rules), { ours, held: ALL });
});

test('another class of metric is another policy', async () => {
  const { ours } = await keptBy(parseRetention('waveform roll-up 1') ?? []);
  assert.deepEqual(ours, ALL);
});

test('what counts is when it was measured, not what the clock of the device said', async () => {
  const rules = parseRetention('numeric roll-up 30') ?? [];
  const { ours } = await keptBy(rules, (registry) => {
    const device = registry.devices.get('monitor-1');
    device?.addOffset(1, { fromStampMs: 0, offsetMs: 40 * DAY_MS });
  });
  assert.deepEqual(ours.raw, [5, 50]);
});

describe('rules of retention', () => {
  for (const text of [
    '',
    'waveform',
    'waveform raw',
    'ecg raw 5',
    'waveform raw 0',
    'waveform raw 1.5',
  ]) {
    test(`"${text}" is none`, () => assert.equal(parseRetention(text), undefined));
  }
  test('one may be given once', () => {
    assert.equal(parseRetention('numeric raw 1, numeric raw 2'), undefined);
    assert.deepEqual(parseRetention(' numeric  raw 1,waveform raw 2 '), [
      { class: 'numeric', what: 'raw', days: 1 },
      { class: 'waveform', what: 'raw', days: 2 },
    ]);
  });
});
