/** Log, heads and chunks together on a real PostgreSQL: what is read is the same before and after. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import {
  NOON,
  ORGANISATION,
  ramp,
  readingsEntry,
  runSample,
  subjectId,
} from '../../../../tests/support/line.ts';
import { asOrganisation } from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { Registry } from '../devices/registry.ts';
import type { LogEntry, Series } from '../line/entry.ts';
import { createSeal } from '../vault/seal.ts';
import type { LogKeys, SubjectKeys } from '../vault/vault.ts';
import { ChunkWorker } from './chunk-encoder.ts';
import { FIRST_EVENTS } from './events.ts';
import { Telemetry } from './telemetry.ts';

const SUBJECT = subjectId(1);
const ALL_TIME = { fromMs: NOON - 1e9, toMs: NOON + 1e9 };
const seal = createSeal(randomBytes(32), randomBytes);
const keys = oneKey(seal);
const encoder = new ChunkWorker();
after(() => encoder[Symbol.asyncDispose]());

interface World {
  readonly sealOf: SubjectKeys['sealOf'];
  readonly logKeys: LogKeys;
  readonly nowMs: number;
}

/** The engine on a database, and a switch for each thing that can fail beneath it. */
class Engine {
  readonly problems: string[] = [];
  readonly failing = { transaction: false, settling: false };
  #hasCrashed = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly registry: Registry;
  telemetry!: Telemetry;

  private constructor(registry: Registry) {
    this.registry = registry;
  }

  static async open(
    database: TestDatabase,
    { sealOf = keys.sealOf, logKeys = keys, nowMs = NOON }: Partial<World> = {},
  ): Promise<Engine> {
    const engine = new Engine(await Registry.load(database.line, keys));
    const { failing } = engine;
    const sql = new Proxy(database.line, {
      get(target, name) {
        if (name === 'begin' && failing.transaction)
          return () => Promise.reject(new Error('the store is away'));
        return Reflect.get(target, name) as unknown;
      },
    });
    engine.telemetry = await Telemetry.open({
      mayWrite: () => true,
      sql,
      read: (organisationId, work) => asOrganisation(database.people, organisationId, work),
      sealOf,
      logKeys,
      registry: engine.registry,
      evaluate: () => {},
      watchRun: () => {},
      watchEvent: () => {},
      snapshotDetectors: () => [],
      settleAlarms: () =>
        failing.settling
          ? Promise.reject(new Error('alarms cannot be written'))
          : Promise.resolve(),
      nowMs: () => nowMs,
      after: (delayMs, run) => {
        if (engine.#hasCrashed) return;
        const timer = setTimeout(() => {
          engine.#timers.delete(timer);
          run();
        }, delayMs);
        engine.#timers.add(timer.unref());
      },
      encode: encoder.encode,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      onProblem: (what) => engine.problems.push(what),
      onTakenOver: (why) => engine.problems.push(why),
    });
    return engine;
  }

  append(...entries: LogEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.telemetry.append(entries, (fault) =>
        fault === undefined ? resolve() : reject(new Error(fault.code)),
      );
    });
  }

  async read(metric = 'heart-rate'): Promise<[number, number][]> {
    const [found] = await this.telemetry.range({
      subjectId: SUBJECT,
      metrics: [metric],
      ...ALL_TIME,
      unreadable: [],
    });
    return (found?.stampsMs ?? []).map((stampMs, i) => [
      (stampMs - NOON) / 1000,
      found?.values[i] as number,
    ]);
  }

  async samples(): Promise<number[]> {
    const runs = await this.telemetry.waveforms({
      subjectId: SUBJECT,
      metrics: ['ecg-ii'],
      ...ALL_TIME,
      unreadable: [],
    });
    return runs.flatMap((run) => [...run.samples]);
  }

  /** As kill -9 does it: no goodbye. */
  crash(): void {
    this.#hasCrashed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

interface Places {
  readonly database: TestDatabase;
  readonly rate: Series;
  readonly lead: Series;
}

async function prepare(): Promise<Places & AsyncDisposable> {
  const database = await freshDatabase();
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const registry = await Registry.load(database.line, keys);
  const identity = {
    familyName: 'Sample',
    givenName: '',
    sex: 'unknown',
    recordNumber: 'A-1',
  } as const;
  const subject = await registry.addSubject({
    organisationId: ORGANISATION,
    id: SUBJECT,
    kind: 'patient',
    category: 'adult',
    paced: 'no',
    identity,
  });
  const device = new RegisteredDevice({
    id: 'monitor-1' as DeviceId,
    organisationId: ORGANISATION,
    model: 'test',
    tokenHash: randomBytes(32),
  });
  await registry.addDevice(device, SUBJECT, 0);
  const seriesOf = async (key: string): Promise<Series> => {
    const placement = {
      organisationId: ORGANISATION,
      subjectId: SUBJECT,
      partition: subject.partition,
    };
    const series = [{ placement, metric: metricOf(key), epoch: 1 }];
    await registry.provide(device, { clock: undefined, series }, NOON);
    const made = device.seriesOf(SUBJECT, metricOf(key), 1);
    expect(made !== undefined, 'a series that was asked for is there');
    return made;
  };
  const [rate, lead] = [await seriesOf('heart-rate'), await seriesOf('ecg-ii')];
  return { database, rate, lead, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

const at = (series: Series, second: number, value: number, flags = 0): LogEntry =>
  readingsEntry(series, { stampMs: NOON + second * 1000, value, flags });

const runAt = (series: Series, from: number, length = 10): LogEntry => ({
  kind: 'waveforms',
  partition: series.partition,
  receivedMs: NOON,
  offsetMs: 0,
  series: [series],
  runs: [runSample({ startMs: NOON + from * 10, samples: ramp(from, length) })],
});

test('head, chunks and both give the same readings: late ones in place, resent ones once, corrected ones corrected', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const first = await Engine.open(database);
  await first.append(at(rate, 1, 70), at(rate, 3, 72));
  await first.telemetry.flush();
  await first.append(
    at(rate, 2, 71),
    at(rate, 3, 72),
    at(rate, 1, 90, FLAG.CORRECTION),
    at(rate, 4, 73),
  );
  const expected = [
    [1, 90],
    [2, 71],
    [3, 72],
    [4, 73],
  ];
  assert.deepEqual(await first.read(), expected, 'chunks and head');
  await first.telemetry.flush();
  assert.deepEqual(await first.read(), expected, 'chunks alone');
  await first.append(at(rate, 5, 74));
  first.crash();
  const second = await Engine.open(database);
  assert.deepEqual(await second.read(), [...expected, [5, 74]], 'after a restart');
  assert.equal(
    second.telemetry.latest(SUBJECT)[0]?.last.value,
    74,
    'the last reading is known from the start',
  );
  await second.append(at(rate, 4, 73), at(rate, 5, 74));
  assert.deepEqual(await second.read(), [...expected, [5, 74]], 'sent again after the restart');
  second.crash();
  assert.deepEqual([...first.problems, ...second.problems], []);
});

for (const failure of ['transaction', 'settling'] as const) {
  test(`a flush whose ${failure} fails loses nothing, whatever comes meanwhile and however it ends`, async () => {
    await using places = await prepare();
    const { database, rate, lead } = places;
    const engine = await Engine.open(database);
    await engine.append(at(rate, 1, 70), runAt(lead, 0));
    engine.failing[failure] = true;
    await engine.telemetry.flush();
    assert.deepEqual(engine.problems, ['flush']);
    await engine.append(at(rate, 2, 71), runAt(lead, 10));
    assert.deepEqual(
      await engine.read(),
      [
        [1, 70],
        [2, 71],
      ],
      'all is readable meanwhile',
    );
    engine.failing[failure] = false;
    await engine.telemetry.flush();
    engine.crash();
    const again = await Engine.open(database);
    assert.deepEqual(
      await again.read(),
      [
        [1, 70],
        [2, 71],
      ],
      'the checkpoint passed nothing that no chunk holds',
    );
    assert.deepEqual(await again.samples(), [...ramp(0, 20)]);
    again.crash();
  });
}

test('waveforms across flush, restart and resend: each sample once, gaps stay gaps', async () => {
  await using places = await prepare();
  const { database, lead } = places;
  const first = await Engine.open(database);
  await first.append(runAt(lead, 0), runAt(lead, 10));
  await first.telemetry.flush();
  await first.append(runAt(lead, 20), runAt(lead, 100));
  first.crash();
  const second = await Engine.open(database);
  await second.append(runAt(lead, 10), runAt(lead, 15), runAt(lead, 20));
  const expected = [...ramp(0, 30), ...ramp(100, 10)];
  assert.deepEqual(await second.samples(), expected);
  const runs = await second.telemetry.waveforms({
    subjectId: SUBJECT,
    metrics: ['ecg-ii'],
    ...ALL_TIME,
    unreadable: [],
  });
  assert.deepEqual(
    runs.map((run) => [run.startMs - NOON, run.samples.length]),
    [
      [0, 30],
      [1000, 10],
    ],
  );
  await second.telemetry.flush();
  assert.deepEqual(await second.samples(), expected, 'from chunks alone');
  second.crash();
});

const buttonPressed = (series: Series, i: number): LogEntry => ({
  kind: 'event',
  partition: series.partition,
  receivedMs: NOON,
  offsetMs: 0,
  organisationId: ORGANISATION,
  subjectId: SUBJECT,
  deviceId: series.deviceId,
  id: `monitor-1/1/${i}`,
  event: { kind: 'button', stampMs: NOON + i, flags: 0 },
});

test('a subject that is erased while a flush fails is in no row of it, and in no answer', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const erased = new Set<string>();
  const engine = await Engine.open(database, {
    sealOf: (id) => (erased.has(id) ? undefined : seal),
  });
  await engine.append(at(rate, 1, 70), buttonPressed(rate, 1));
  engine.failing.transaction = true;
  await engine.telemetry.flush();
  await engine.append(at(rate, 2, 71), buttonPressed(rate, 2));
  erased.add(SUBJECT);
  await engine.telemetry.forget(SUBJECT);
  engine.failing.transaction = false;
  await engine.append(at(rate, 3, 72), buttonPressed(rate, 3));
  assert.deepEqual(await engine.read(), []);
  await engine.telemetry.flush();
  await engine.telemetry.flush();
  engine.crash();
  for (const table of ['chunk', 'event']) {
    const [row] = await database.line`SELECT count(*)::int AS count FROM ${database.line(table)}`;
    assert.equal(row?.['count'], 0, table);
  }
  const again = await Engine.open(database, { sealOf: () => undefined });
  assert.deepEqual(await again.read(), []);
  assert.deepEqual([...engine.problems, ...again.problems], ['flush']);
  again.crash();
});

test('a flush that finds nothing new writes nothing, and still lets old hours of the log expire', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const retired: string[] = [];
  const logKeys = { ...keys, retireBefore: (table: string) => void retired.push(table) };
  const engine = await Engine.open(database, { logKeys });
  const writtenAt = async () => {
    const [row] = await database.line`SELECT max(xmin::text::bigint)::text AS xid FROM checkpoint`;
    return row?.['xid'] as string;
  };
  await engine.append(at(rate, 1, 70));
  await engine.telemetry.flush();
  const first = await writtenAt();
  await engine.telemetry.flush();
  assert.equal(await writtenAt(), first);
  assert.equal(retired.length, 2);
  await engine.append(at(rate, 2, 71));
  await engine.telemetry.flush();
  assert.notEqual(await writtenAt(), first);
  engine.crash();
  const again = await Engine.open(database);
  assert.deepEqual(await again.read(), [
    [1, 70],
    [2, 71],
  ]);
  again.crash();
});

test('an hour of the log without its key stops the start, unless its time is over', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(at(rate, 1, 70));
  engine.crash();
  const logKeys = { ...keys, toRead: () => undefined };
  await assert.rejects(Engine.open(database, { logKeys }), /no key for log_\d{10}/);
  const week = 7 * 24 * 3_600_000;
  await assert.rejects(Engine.open(database, { logKeys, nowMs: NOON + week }), StartProblem);
  const late = await Engine.open(database, { logKeys, nowMs: NOON + week + 3_600_000 });
  assert.match(late.problems.join(), /^replay log_\d{10}$/);
  assert.deepEqual(await late.read(), []);
  late.crash();
});

test('more events at once than a statement has parameters for are flushed', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(...Array.from({ length: 8_000 }, (_, i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  engine.crash();
  assert.deepEqual(engine.problems, []);
  const [row] = await database.line`SELECT count(*)::int AS count FROM event`;
  assert.equal(row?.['count'], 8_000);
});

test('events are listed once each, whether they are stored, on their way, or just received', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(...[0, 1, 2].map((i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  engine.failing.transaction = true;
  await engine.append(...[2, 3].map((i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  await engine.append(...[0, 3, 4].map((i) => buttonPressed(rate, i)));
  const question = { organisationId: ORGANISATION, subjectId: SUBJECT, after: FIRST_EVENTS };
  const listed = async () => {
    const { events, next } = await engine.telemetry.events({ ...question, ...ALL_TIME, limit: 10 });
    assert.equal(next, null);
    return events.map(({ id }) => Number(id.split('/').at(-1)));
  };
  assert.deepEqual(await listed(), [4, 3, 2, 1, 0]);
  engine.failing.transaction = false;
  await engine.telemetry.flush();
  await engine.telemetry.flush();
  assert.deepEqual(await listed(), [4, 3, 2, 1, 0], 'from the table alone');
  engine.crash();
});
