/**
 * Safety S4 on the real program: three devices send each second. One stops while the server runs, one
 * while it is dead, one goes on. After kill -9 each is told rightly, under one name.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { AlarmView } from '@ausculta/contract/alarms';
import { startServerProcess } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const EACH_MS = 500;

/** More than three close together: who has sent so many steadily is missed. */
const STEADY = 8;

/** 12 s of silence and a second to look, with room for a busy machine. */
const TOLD_WITHIN_MS = 60_000;

/** Sends until it is stopped; knows the time of its last message that was taken. */
class Sender {
  readonly device: TestDevice;
  lastMs = 0;
  taken = 0;
  #isStopped = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(device: TestDevice) {
    this.device = device;
  }

  start(server: ServerUnderTest, rate: number): void {
    this.#isStopped = false;
    this.#sending = this.#send(server, rate);
  }

  async #send(server: ServerUnderTest, rate: number): Promise<void> {
    while (!this.#isStopped) {
      const time = Date.now();
      const message = JSON.stringify({ time, values: { 'heart-rate': rate } });
      if ((await server.send(this.device, message)).status === 202) {
        this.lastMs = time;
        this.taken += 1;
      }
      await sleep(EACH_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#sending;
  }

  async lossTold(server: ServerUnderTest): Promise<AlarmView> {
    const { id, subjectId } = this.device;
    return await eventually(
      `the loss of ${id}`,
      async () => {
        const alarms = await server.alarms(subjectId);
        return alarms.find(({ ruleKey }) => ruleKey === `technical/no-data/${id}`);
      },
      TOLD_WITHIN_MS,
    );
  }
}

async function conditionsOf(server: ServerUnderTest, { device }: Sender): Promise<string[]> {
  const alarms = await server.alarms(device.subjectId);
  return alarms.map(({ ruleKey, condition }) => `${ruleKey.split('/')[0]} ${condition}`).sort();
}

test('who stops before a kill -9 is held, who stops during it is found, who goes on is not missed', async () => {
  const dataDir = await temporaryDirectory();
  let running = await startServerProcess(dataDir);
  try {
    const { server } = running;
    const senders: Sender[] = [];
    for (let each = 0; each < 3; each += 1) senders.push(new Sender(await server.addPatient()));
    const [stopped, lost, steady] = senders as [Sender, Sender, Sender];
    // This one is in alarm when its data stop.
    stopped.start(server, 150);
    lost.start(server, 70);
    steady.start(server, 70);
    await eventually('all to have sent steadily', () =>
      senders.every(({ taken }) => taken >= STEADY) ? true : undefined,
    );
    await stopped.stop();

    const told = await stopped.lossTold(server);
    assert.equal(told.id, `technical/no-data/${stopped.device.id}@${stopped.lastMs}`);
    assert.deepEqual(
      [told.priority, told.condition, told.episode],
      ['medium', 'present', 'raised'],
    );
    const tookMs = told.raisedMs - stopped.lastMs;
    assert.ok(tookMs >= 12_000 && tookMs < TOLD_WITHIN_MS, `told after ${tookMs} ms`);
    const conditions = ['limit unknown', 'technical present'];
    await eventually('the limit to be unknown', async () =>
      (await conditionsOf(server, stopped))[0] === conditions[0] ? true : undefined,
    );
    assert.deepEqual(await conditionsOf(server, lost), []);

    await Promise.all([lost.stop(), steady.stop()]);
    const before = await server.alarms(stopped.device.subjectId);
    await running.kill();
    running = await startServerProcess(dataDir);
    steady.start(running.server, 70);
    // A round makes alarms and what is known of their series agree.
    await eventually('the alarms of before', async () =>
      isDeepStrictEqual(await running.server.alarms(stopped.device.subjectId), before)
        ? true
        : undefined,
    );

    const found = await lost.lossTold(running.server);
    assert.equal(found.id, `technical/no-data/${lost.device.id}@${lost.lastMs}`);
    assert.deepEqual(await running.server.alarms(stopped.device.subjectId), before);
    assert.deepEqual(await conditionsOf(running.server, steady), []);

    // Back, and within its limit: both are over, and owed until somebody has seen them.
    stopped.start(running.server, 70);
    await eventually('the device to be back', async () => {
      const [limit, technical] = await conditionsOf(running.server, stopped);
      return limit === 'limit absent' && technical === 'technical absent' ? true : undefined;
    });
    await Promise.all([steady.stop(), stopped.stop()]);
  } finally {
    await running[Symbol.asyncDispose]();
  }
});
