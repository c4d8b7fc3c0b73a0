/**
 * The book against itself: one night on a server that never stops, and the same night on one that is
 * killed again and again and replays what its checkpoint does not hold. Both must tell the same.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { alarmSubject } from '@ausculta/vitals/alarm';
import type { AccountId } from '@ausculta/vitals/identity';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import {
  arrivalOf,
  NOON,
  ORGANISATION,
  readingsEntry,
  seriesSample,
  subjectId,
} from '../../../../tests/support/line.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { Registry } from '../devices/registry.ts';
import type { Arrival } from '../line/consume.ts';
import type { Series } from '../line/entry.ts';
import { detectorContext } from '../telemetry/flush.ts';
import { ALL_PARTITIONS } from '../telemetry/flush-turns.ts';
import { writeDetectorStates } from '../telemetry/store.ts';
import { createSeal } from '../vault/seal.ts';
import type { Answer } from './answers.ts';
import { AlarmBook } from './book.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const RATE = seriesSample({ id: 1 });
const OTHER_RATE = seriesSample({ id: 2, device: 'monitor-2' });
const SPO2 = seriesSample({ id: 3, metric: 'spo2' });
const ALL = [RATE, OTHER_RATE, SPO2];
const SUBJECT = subjectId(1);
const IN_LIMITS = new Map([
  [RATE, 75],
  [OTHER_RATE, 75],
  [SPO2, 97],
]);

const seal = createSeal(randomBytes(32), randomBytes);
const keys = oneKey(seal);
const who = {
  accountId: ORGANISATION as string as AccountId,
  displayName: 'Nurse',
  organisationId: ORGANISATION,
};

/** The registry as the book asks it: one adult who wears both monitors. */
async function registryOf(database: TestDatabase): Promise<Registry> {
  const registry = await Registry.load({
    sql: database.line,
    inLane: aloneIn(database.line),
    keys,
  });
  const placement = { subjectId: SUBJECT, organisationId: ORGANISATION, partition: 0 };
  const identity = { familyName: '', givenName: '', sex: 'unknown', recordNumber: '' } as const;
  const adult = { id: SUBJECT, kind: 'patient', category: 'adult', paced: 'unknown' } as const;
  registry.subjects.set(SUBJECT, { ...placement, ...adult, identity });
  for (const { deviceId } of [RATE, OTHER_RATE]) {
    const device = new RegisteredDevice({
      ...{ id: deviceId, organisationId: ORGANISATION },
      ...{ model: '', tokenHash: new Uint8Array() },
    });
    device.addWearer({ deviceId, subjectId: SUBJECT, fromMs: 0, untilMs: undefined }, placement);
    registry.devices.set(deviceId, device);
  }
  registry.seriesById = (id) => ALL.find((series) => series.id === id);
  return registry;
}

type Step =
  | { readonly do: 'send'; series: Series; value: number; flags: number; lateMs: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'answer' | 'snooze'; readonly nth: number }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'kill' };

const send = fc.record({
  do: fc.constant('send' as const),
  series: fc.constantFrom(...ALL),
  value: fc.constantFrom(75, 75, 97, 97, 79, 91, 131, 128, 160, 38),
  flags: fc.constantFrom(0, 0, 0, 0, FLAG.IMPLAUSIBLE, FLAG.ABOVE),
  lateMs: fc.constantFrom(0, 0, 0, 0, 1500, 90_000),
});
const wait = fc.record({
  do: fc.constant('wait' as const),
  seconds: fc.constantFrom(1, 1, 2, 3, 6, 14, 130),
});
const answer = fc.record({ do: fc.constant('answer' as const), nth: fc.nat(3) });
const snooze = fc.record({ do: fc.constant('snooze' as const), nth: fc.nat(3) });
const checkpoint = fc.constant({ do: 'checkpoint' as const });
const kill = fc.constant({ do: 'kill' as const });
const night: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: send, weight: 12 },
    { arbitrary: wait, weight: 6 },
    { arbitrary: answer, weight: 2 },
    { arbitrary: snooze, weight: 2 },
    { arbitrary: checkpoint, weight: 1 },
    { arbitrary: kill, weight: 2 },
  ),
  { minLength: 10, maxLength: 60 },
);

/** A server that lives and dies, as far as alarms go: the log, the checkpoint, the book. */
class Server {
  readonly #database: TestDatabase;
  readonly #registry: Registry;
  readonly #log: { readonly arrival: Arrival; readonly atMs: number }[] = [];
  #checkpoint = 0;
  #life = { isOver: false };
  /** The store takes nothing, and does not say so. */
  isStalled = false;
  /** Resolves when something is asked of a store that is stalled. */
  #stalled = Promise.withResolvers<void>();
  #book!: AlarmBook;
  nowMs = NOON;

  constructor(database: TestDatabase, registry: Registry) {
    this.#database = database;
    this.#registry = registry;
  }

  async start(): Promise<void> {
    const life = { isOver: false };
    this.#life = life;
    const sql = new Proxy(this.#database.line, {
      get: (target, name) => {
        // The dead write no more.
        if (name === 'begin' && (life.isOver || this.isStalled)) {
          this.#stalled.resolve();
          return () => new Promise(() => undefined);
        }
        return Reflect.get(target, name) as unknown;
      },
    });
    this.#book = await AlarmBook.open({
      holdLane: () => Promise.resolve(),
      onTakenOver: assert.fail,
      sql,
      sealOf: keys.sealOf,
      registry: this.#registry,
      nowMs: () => this.nowMs,
      after: (delayMs, run) => void setTimeout(run, delayMs).unref(),
      onProblem: (what, error) => assert.fail(`${what}: ${error}`),
    });
    for (const { arrival, atMs } of this.#log.slice(this.#checkpoint)) this.#consume(arrival, atMs);
  }

  #consume(arrival: Arrival, atMs: number): void {
    this.#book.watchTime(atMs);
    this.#book.evaluate(arrival);
  }

  async kill(): Promise<void> {
    this.#life.isOver = true;
    await this.start();
    // What was not durable is found again by the first look; nobody can answer it before.
    this.#book.lookForSilence(this.nowMs);
  }

  send(series: Series, sample: { value: number; flags: number; lateMs: number }): void {
    const { lateMs, ...reading } = sample;
    const receivedMs = this.nowMs;
    this.append(arrivalOf(series, { stampMs: receivedMs - lateMs, ...reading, receivedMs }));
    this.nowMs += 100;
  }

  /** It may have been received long before: then it had to wait for its rows. */
  append(arrival: Arrival): void {
    this.#log.push({ arrival, atMs: this.nowMs });
    this.#consume(arrival, this.nowMs);
  }

  /** At the disk reserve: watched, not stored, and never sent again. */
  refuse(series: Series, value: number): void {
    this.#book.evaluateRefused([readingsEntry(series, { stampMs: this.nowMs, value })]);
  }

  /** Something is on its way to a store that takes nothing. */
  asked(): Promise<void> {
    return this.#stalled.promise;
  }

  takeInAgain(): void {
    this.#book.endProvisional();
  }

  wait(seconds: number): void {
    for (let each = 0; each < seconds; each += 1) {
      this.nowMs += 1000;
      this.#book.lookForSilence(this.nowMs);
    }
  }

  async answer(nth: number, answer: Answer): Promise<void> {
    const open = this.alarms().filter((view) => view.episode === 'raised' && !isLoss(view));
    const id = open[nth % Math.max(1, open.length)]?.id;
    if (id !== undefined) await this.#book.answer(who, { subjectId: SUBJECT, id }, answer);
  }

  async checkpoint(): Promise<void> {
    const rows = [...this.#book.snapshot(ALL_PARTITIONS)].map(
      ({ organisationId, partition, state }) => ({
        organisation_id: organisationId,
        partition,
        subject_id: SUBJECT,
        sealed: seal.seal(
          new TextEncoder().encode(JSON.stringify(state)),
          detectorContext(SUBJECT),
        ),
      }),
    );
    const upTo = this.#log.length;
    await this.#book.settle();
    await writeDetectorStates(this.#database.line, rows);
    this.#checkpoint = upTo;
  }

  async do(step: Step, mayDie: boolean): Promise<void> {
    switch (step.do) {
      case 'send':
        return this.send(step.series, step);
      case 'wait':
        return this.wait(step.seconds);
      case 'answer':
        return await this.answer(step.nth, { kind: 'acknowledged' });
      case 'snooze':
        return await this.answer(step.nth, { kind: 'snoozed', minutes: 1, reason: 'seen' });
      case 'checkpoint':
        return mayDie ? await this.checkpoint() : undefined;
      case 'kill':
        return mayDie ? await this.kill() : undefined;
    }
  }

  /** Everybody sends steadily within their limits: whatever was wrong is over. */
  calmDown(): void {
    for (let second = 0; second < 30; second += 1) {
      for (const [series, value] of IN_LIMITS) this.send(series, { value, flags: 0, lateMs: 0 });
      this.wait(1);
    }
  }

  alarms(): AlarmView[] {
    return this.#book
      .all(() => true)
      .sort((a, b) => a.openedMs - b.openedMs || (a.id < b.id ? -1 : 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#book.settle();
    this.#life.isOver = true;
  }
}

const isLoss = ({ ruleKey }: AlarmView): boolean => alarmSubject(ruleKey).kind === 'no-data';

const databases: TestDatabase[] = [];
after(async () => {
  for (const database of databases) await database[Symbol.asyncDispose]();
});

async function emptied(database: TestDatabase): Promise<void> {
  for (const table of ['alarm', 'alarm_transition', 'detector_state']) {
    await database.line.unsafe(`DELETE FROM ${table}`);
  }
}

test('an alarm of readings that were refused outlives a kill, and ends by those that are stored', async () => {
  const database = await freshDatabase();
  databases.push(database);
  await using server = new Server(database, await registryOf(database));
  await server.start();
  const conditions = () => server.alarms().map((view) => [view.notYetStored, view.condition]);
  for (let second = 0; second < 5; second += 1) {
    server.refuse(RATE, 150);
    server.wait(1);
  }
  assert.deepEqual(conditions(), [[true, 'present']]);
  server.isStalled = true;
  server.takeInAgain();
  await server.asked();
  assert.deepEqual(conditions(), [[true, 'present']], 'on its way, and not there');
  server.isStalled = false;
  await server.kill();
  assert.deepEqual(conditions(), [], 'nobody was told that it would outlive this');
  for (let second = 0; second < 5; second += 1) {
    server.refuse(RATE, 150);
    server.wait(1);
  }
  server.takeInAgain();
  await server.checkpoint();
  assert.deepEqual(conditions(), [[false, 'present']]);
  await server.kill();
  assert.deepEqual(conditions(), [[false, 'unknown']]);
  server.calmDown();
  assert.deepEqual(conditions(), [[false, 'absent']]);
});

test('a delay that ran out while a message waited for its rows runs out there again in a replay', async () => {
  const database = await freshDatabase();
  databases.push(database);
  await using server = new Server(database, await registryOf(database));
  await server.start();
  const ids = () => server.alarms().map(({ id }) => id);
  server.isStalled = true;
  server.send(RATE, { value: 150, flags: 0, lateMs: 0 });
  const receivedMs = server.nowMs;
  server.wait(30);
  const told = ids();
  assert.deepEqual(told, [`limit/heart-rate/high@${NOON}`]);
  server.append(arrivalOf(RATE, { stampMs: NOON - 20_000, value: 150, receivedMs }));
  assert.deepEqual(ids(), told);
  server.isStalled = false;
  await server.kill();
  assert.deepEqual(ids(), told, 'what nobody had written is found again, and no other than it was');
});

test('while the disk is full, who sends is not called silent, and who stops is', async () => {
  const database = await freshDatabase();
  databases.push(database);
  await using server = new Server(database, await registryOf(database));
  await server.start();
  server.calmDown();
  for (let second = 0; second < 30; second += 1) {
    server.refuse(RATE, 75);
    server.refuse(SPO2, 97);
    server.wait(1);
  }
  assert.deepEqual(server.alarms(), [], 'the other monitor measures nothing that is not measured');
  for (let second = 0; second < 20; second += 1) {
    server.refuse(RATE, 75);
    server.wait(1);
  }
  const told = server.alarms().map(({ ruleKey, notYetStored }) => [ruleKey, notYetStored]);
  assert.deepEqual(told, [['technical/spo2/no-data', true]]);
  server.takeInAgain();
  server.calmDown();
  await server.checkpoint();
  const after = server.alarms().map(({ notYetStored, condition }) => [notYetStored, condition]);
  assert.deepEqual(after, [[false, 'absent']]);
});

test('a server that is killed again and again tells the same alarms as one that never stops', async () => {
  const database = await freshDatabase();
  databases.push(database);
  const registry = await registryOf(database);
  const through = async (steps: readonly Step[], mayDie: boolean): Promise<AlarmView[]> => {
    await emptied(database);
    await using server = new Server(database, registry);
    await server.start();
    server.wait(1);
    for (const step of steps) await server.do(step, mayDie);
    server.calmDown();
    return server.alarms();
  };
  await fc.assert(
    fc.asyncProperty(night, async (steps) => {
      const steady = await through(steps, false);
      const troubled = await through(steps, true);
      const told = (alarms: readonly AlarmView[]) => alarms.filter((view) => !isLoss(view));
      assert.deepEqual(told(troubled), told(steady));
      for (const view of [...steady, ...troubled]) assert.equal(view.condition, 'absent', view.id);
    }),
    { numRuns: 60 },
  );
});
