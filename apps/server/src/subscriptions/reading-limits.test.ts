/** Which readings are told: across a limit, of whom and what was asked for, and not with every breath. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import { subscriptionOf } from '../../../../tests/support/subscription-sample.ts';
import { readPlan } from './asked.ts';
import { readPorts } from './book.ts';
import { isToTell, subjectsOf, type Watch, watchOf } from './reading-limits.ts';

const [HIS, HERS] = ['a', 'b'].map((one) => `${one.repeat(8)}-0000-4000-8000-000000000000`);

async function watching(...filters: string[]): Promise<Watch> {
  const asked = { topic: 'overLimit', filters, endpoint: 'https://hooks.example/' } as const;
  const plan = await readPlan(subscriptionOf(asked), await readPorts(undefined, 0));
  assert.ok(plan.ok, JSON.stringify(plan));
  return watchOf('one', plan.value, undefined);
}

interface Measured {
  readonly metric?: string;
  readonly seriesId?: number;
  readonly flags?: number;
  readonly atMs?: number;
  readonly hasRoom?: boolean;
}

function tell(watch: Watch, value: number, measured: Measured = {}): boolean {
  const {
    metric: key = 'heart-rate',
    seriesId = 1,
    flags = 0,
    atMs = 0,
    hasRoom = true,
  } = measured;
  const series = { id: seriesId, metric: metricOf(key) };
  return isToTell(watch, { series, reading: { value, flags }, receivedMs: atMs }, hasRoom);
}

test('a series is told when it crosses its limit, each series by itself', async () => {
  const watch = await watching('Observation?code=8867-4&value-quantity=gt120');
  const crossed = [120, 121, 140, 120, 130].map((value) => tell(watch, value));
  assert.deepEqual(crossed, [false, true, false, false, true]);
  assert.equal(tell(watch, 121, { seriesId: 2 }), true);
});

test('another metric is not told, whatever its value', async () => {
  const watch = await watching('Observation?code=8867-4&value-quantity=gt120');
  assert.equal(tell(watch, 500, { metric: 'resp-rate' }), false);
});

test('of a code and a category both must be so', async () => {
  const heart = 'Observation?code=8867-4&value-quantity=gt120';
  const vital = await watching(`${heart}&category=vital-signs`);
  assert.equal(tell(vital, 121), true);
  const laboratory = await watching(`${heart}&category=laboratory`);
  assert.equal(tell(laboratory, 121), false);
});

test('what is beyond what a device can measure is beyond a limit below that', async () => {
  const watch = await watching('Observation?code=8867-4&value-quantity=gt120');
  assert.equal(tell(watch, 300, { flags: FLAG.ABOVE }), true);
});

test('all filters must hold, also those of whom it is', async () => {
  const limit = 'code=8867-4&value-quantity=gt120';
  const one = await watching(
    `Observation?patient=${HIS},${HERS}&${limit}`,
    `Observation?subject=Patient/${HERS}`,
  );
  const usedFor = (id: SubjectId): SubjectId => id;
  assert.deepEqual(subjectsOf(one.plan, usedFor), [HERS]);
  assert.equal(subjectsOf((await watching(`Observation?${limit}`)).plan, usedFor), undefined);
});

test('a limit in the noise is told ten times, then once a minute, and again at once after ten', async () => {
  const watch = await watching('Observation?code=8867-4&value-quantity=gt120');
  const waver = (fromMs: number, seconds: number): number => {
    let told = 0;
    for (let s = 0; s < seconds; s += 1)
      if (tell(watch, s % 2 ? 121 : 119, { atMs: fromMs + s * 1_000 })) told += 1;
    return told;
  };
  assert.equal(waver(0, 60), 10);
  assert.equal(waver(60_000, 600), 10);
  assert.equal(waver(660_000 + 10 * 60_000, 20), 10);
});

test('who asks for another limit is told by that one, and no more often', async () => {
  const high = await watching('Observation?code=8867-4&value-quantity=gt120');
  assert.equal(tell(high, 130), true);
  const { plan } = await watching('Observation?code=8867-4&value-quantity=lt50');
  const low = watchOf('one', plan, high);
  assert.equal(tell(low, 40), true);
  let told = 0;
  for (let n = 0; n < 40; n += 1) if (tell(low, n % 2 ? 40 : 60)) told += 1;
  assert.equal(told, 8);
});

test('what crosses without room is told when there is room, if it is beyond then', async () => {
  const watch = await watching('Observation?code=8867-4&value-quantity=gt120');
  assert.equal(tell(watch, 130, { hasRoom: false }), false);
  assert.equal(tell(watch, 130), true);
  assert.equal(tell(watch, 110, { hasRoom: false }), false);
  assert.equal(tell(watch, 130), true, 'having been within meanwhile');
});
