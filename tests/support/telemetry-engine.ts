// The telemetry engine on a database of its own, with a switch for each thing that can fail beneath it.
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { RegisteredDevice } from '../../apps/server/src/devices/known-device.ts';
import { partitionOf } from '../../apps/server/src/devices/partition.ts';
import { Registry } from '../../apps/server/src/devices/registry.ts';
import { type LogEntry, PARTITIONS, type Series } from '../../apps/server/src/line/entry.ts';
import { ChunkWorker } from '../../apps/server/src/telemetry/chunk-encoder.ts';
import { PostgresLog } from '../../apps/server/src/telemetry/postgres-log.ts';
import { Telemetry } from '../../apps/server/src/telemetry/telemetry.ts';
import { createSeal } from '../../apps/server/src/vault/seal.ts';
import type { LogKeys, SubjectKeys } from '../../apps/server/src/vault/vault.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { oneKey } from './keys.ts';
import { aloneIn } from './lane.ts';
import { NOON, ORGANISATION, subjectId } from './line.ts';

export const SUBJECT = subjectId(1);
export const ALL_TIME = { fromMs: NOON - 1e9, toMs: NOON + 1e9 };
export const seal = createSeal(randomBytes(32), randomBytes);
export const keys = oneKey(seal);
const encoder = new ChunkWorker();
after(() => encoder[Symbol.asyncDispose]());

interface World {
  readonly sealOf: SubjectKeys['sealOf'];
  readonly logKeys: LogKeys;
  readonly nowMs: number;
  readonly seriesATurn: number;
}

/** The engine on a database, and a switch for each thing that can fail beneath it. */
export class Engine {
  readonly problems: string[] = [];
  readonly failing = { transaction: false, settling: false };
  #hasCrashed = false;
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  readonly registry: Registry;
  nowMs: number;
  telemetry!: Telemetry;

  private constructor(registry: Registry, nowMs: number) {
    this.registry = registry;
    this.nowMs = nowMs;
  }

  static async open(
    database: TestDatabase,
    { sealOf = keys.sealOf, logKeys = keys, nowMs = NOON, seriesATurn }: Partial<World> = {},
  ): Promise<Engine> {
    const engine = new Engine(
      await Registry.load({ sql: database.line, inLane: aloneIn(database.line), keys }),
      nowMs,
    );
    const { failing } = engine;
    const sql = new Proxy(database.line, {
      get(target, name) {
        if (name === 'begin' && failing.transaction)
          return () => Promise.reject(new Error('the store is away'));
        return Reflect.get(target, name) as unknown;
      },
    });
    engine.telemetry = await Telemetry.open({
      memoryBytes: Number.POSITIVE_INFINITY,
      mayWrite: () => true,
      sql,
      read: database.read,
      sealOf,
      logKeys,
      owner: await PostgresLog.takeOver(database.line),
      registry: engine.registry,
      evaluate: () => {},
      watchRun: () => {},
      watchEvent: () => {},
      watchMove: () => {},
      watchCare: () => {},
      watchTime: () => {},
      snapshotDetectors: () => [],
      settleAlarms: () =>
        failing.settling
          ? Promise.reject(new Error('alarms cannot be written'))
          : Promise.resolve(),
      nowMs: () => engine.nowMs,
      after: (delayMs, run) => {
        if (engine.#hasCrashed) return;
        const timer = setTimeout(() => {
          engine.#timers.delete(timer);
          run();
        }, delayMs);
        engine.#timers.set(timer.unref(), run);
      },
      ...(seriesATurn === undefined ? {} : { seriesATurn }),
      encode: encoder.encode,
      merge: encoder.merge,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      onProblem: (what) => engine.problems.push(what),
      onTakenOver: (why) => engine.problems.push(why),
    });
    return engine;
  }

  /** Whatever waits for its time has its time now. */
  elapse(): void {
    for (const [timer, run] of [...this.#timers]) {
      clearTimeout(timer);
      this.#timers.delete(timer);
      run();
    }
  }

  append(...entries: LogEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.telemetry.append(entries, (fault) =>
        fault === undefined ? resolve() : reject(new Error(fault.code)),
      );
    });
  }

  async read(metric = 'heart-rate', subjectId = SUBJECT): Promise<[number, number][]> {
    const [found] = await this.telemetry.range({
      subjectId,
      metrics: [metric],
      ...ALL_TIME,
      unreadable: [],
    });
    return Array.from(found?.stampsMs ?? [], (stampMs, i) => [
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
    for (const timer of this.#timers.keys()) clearTimeout(timer);
  }
}

interface Places {
  readonly database: TestDatabase;
  readonly rate: Series;
  readonly lead: Series;
}

export async function prepare(): Promise<Places & AsyncDisposable> {
  const database = await freshDatabase();
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const seriesOf = await admit(database, SUBJECT, 'monitor-1' as DeviceId);
  const [rate, lead] = [await seriesOf('heart-rate'), await seriesOf('ecg-ii')];
  return { database, rate, lead, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

/** The heart rate of somebody else, whose rows lie in the other half of the partitions. */
export async function neighbourOf(database: TestDatabase, { partition }: Series): Promise<Series> {
  const half = (of: number): boolean => of < PARTITIONS / 2;
  let id = 2;
  while (half(partitionOf(ORGANISATION, subjectId(id))) === half(partition)) id += 1;
  const seriesOf = await admit(database, subjectId(id), 'monitor-2' as DeviceId);
  return await seriesOf('heart-rate');
}

/** A patient who wears a monitor, and the series of it that are asked for. */
async function admit(
  database: TestDatabase,
  id: SubjectId,
  deviceId: DeviceId,
): Promise<(key: string) => Promise<Series>> {
  const registry = await Registry.load({
    sql: database.line,
    inLane: aloneIn(database.line),
    keys,
  });
  const { partition } = await registry.addSubject({
    organisationId: ORGANISATION,
    id,
    kind: 'patient',
    category: 'adult',
    paced: 'no',
    identity: { familyName: 'Sample', givenName: '', sex: 'unknown', recordNumber: 'A-1' },
  });
  const device = new RegisteredDevice({
    id: deviceId,
    organisationId: ORGANISATION,
    model: 'test',
    tokenHash: randomBytes(32),
  });
  await registry.addDevice(device, id, 0);
  return async (key) => {
    const placement = { organisationId: ORGANISATION, subjectId: id, partition };
    const series = [{ placement, metric: metricOf(key), epoch: 1 }];
    await registry.provide(device, { clock: undefined, series }, NOON);
    const made = device.seriesOf(id, metricOf(key), 1);
    expect(made !== undefined, 'a series that was asked for is there');
    return made;
  };
}
