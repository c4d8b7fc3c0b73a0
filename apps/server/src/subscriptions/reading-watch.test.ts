/** A checkpoint waits for what is to be told of the readings before it, and for nothing else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { type FhirHouse, fhirHouse } from '../../../../tests/support/fhir-house.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { subscriptionOf } from '../../../../tests/support/subscription-sample.ts';
import { Census } from '../admissions/census.ts';
import type { InLane } from '../database/pool.ts';
import { SubscriptionBook, subscriptionContext } from './book.ts';
import { ReadingWatch } from './reading-watch.ts';
import { writeSubscription } from './store.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

/** Somebody who is told of heart rates above 120, and the store that his events go to. */
async function watching(inLane: InLane = aloneIn(house.database.line)) {
  const { database, keys, organisationId } = house;
  await database.line`DELETE FROM subscription`;
  const id = randomUUID();
  const filters = ['Observation?code=8867-4&value-quantity=gt120'];
  const endpoint = 'https://hooks.example/';
  const resource = subscriptionOf({ topic: 'overLimit', filters, endpoint });
  const text = JSON.stringify({ ...resource, id, status: 'active' });
  const context = subscriptionContext(organisationId, id, 1);
  await writeSubscription(database.line, {
    ...{ organisation_id: organisationId, id, version: 1, status: 'active', base_url: null },
    maker: null,
    sealed: keys.organisationSeal(organisationId).seal(Buffer.from(text), context),
  });
  const problems: string[] = [];
  const ports = {
    ...{ sql: database.line, inLane, keys, nowMs: () => house.clock.nowMs },
    after: (delayMs: number, run: () => void) => void setTimeout(run, delayMs / 100),
    onNews: () => undefined,
    onProblem: (what: string) => void problems.push(what),
  };
  const book = await SubscriptionBook.open(ports);
  const watch = new ReadingWatch({ ...ports, records: new Census(() => true), book });
  const stored = async (): Promise<number> => {
    const rows = await database.line`
      SELECT FROM subscription_event WHERE subscription_id = ${id}`;
    return rows.length;
  };
  return { watch, stored, problems };
}

let lastSeries = 0;

/** Of a heart that was slow enough before. */
function crossing(watch: ReadingWatch): void {
  lastSeries += 1;
  const { nowMs } = house.clock;
  const series = {
    ...{ id: lastSeries, partition: 0, epoch: 1, metric: metricOf('heart-rate') },
    organisationId: house.organisationId,
    subjectId: randomUUID() as SubjectId,
    deviceId: `monitor-${lastSeries}` as DeviceId,
  };
  const reading = { stampMs: nowMs, value: 140, flags: 0 };
  watch.watch({ series, reading, timeMs: nowMs, receivedMs: nowMs, insertion: 'new' });
}

test('it waits for what was seen before, though more is seen without an end', async () => {
  const more: { watch?: ReadingWatch } = {};
  const alone = aloneIn(house.database.line);
  const { watch, stored } = await watching(async (work) => {
    if (more.watch !== undefined) crossing(more.watch);
    return await alone(work);
  });
  more.watch = watch;
  crossing(watch);
  await watch.settle();
  delete more.watch;
  assert.ok((await stored()) >= 1);
  await watch.settle();
});

test('a store that is away is asked again until it has taken it', async () => {
  const alone = aloneIn(house.database.line);
  let tries = 0;
  const { watch, stored, problems } = await watching(async (work) => {
    tries += 1;
    if (tries < 4) throw Object.assign(new Error('away'), { code: '57P01' });
    return await alone(work);
  });
  crossing(watch);
  await watch.settle();
  assert.equal(await stored(), 1);
  assert.equal(problems.length, 3);
});

test('one that can never be written keeps no other from being told', async () => {
  const alone = aloneIn(house.database.line);
  let tries = 0;
  const { watch, stored, problems } = await watching(async (work) => {
    tries += 1;
    // All together, and then the second of them by itself.
    if (tries === 1 || tries === 3) throw new Error('a rule is broken');
    return await alone(work);
  });
  for (let n = 0; n < 3; n += 1) crossing(watch);
  await watch.settle();
  assert.equal(await stored(), 2);
  assert.equal(problems.length, 2);
});

test('what the store does not take before the stop is left to the next start, and no checkpoint passes it', async () => {
  const { watch, stored } = await watching(() =>
    Promise.reject(Object.assign(new Error('away'), { code: '57P01' })),
  );
  crossing(watch);
  const settled = watch.settle();
  watch.end();
  await assert.rejects(settled, { code: '57P01' });
  await assert.rejects(watch.settle(), { code: '57P01' });
  assert.equal(await stored(), 0);
});

test('what is found after the stop has begun is written all the same', async () => {
  const { watch, stored } = await watching();
  watch.end();
  crossing(watch);
  await watch.settle();
  assert.equal(await stored(), 1);
});
