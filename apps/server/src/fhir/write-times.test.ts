/** Whoever asks what has changed since, again and again, misses nothing that was slow to be written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  holdWrites,
  idsFound,
} from '../../../../tests/support/fhir-house.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { WriteTimes } from './write-times.ts';

test('after somebody was told of a moment, all times are later, whichever way the clock goes', () => {
  let nowMs = 1_000;
  const times = new WriteTimes(() => nowMs);
  assert.deepEqual([times.give(), times.give(), times.tell()], [1_000, 1_000, 1_000]);
  assert.deepEqual([times.give(), times.tell(), times.give()], [1_001, 1_001, 1_002]);
  nowMs = 400;
  assert.deepEqual([times.tell(), times.give()], [1_002, 1_003]);
  nowMs = 5_000;
  assert.deepEqual([times.give(), times.tell()], [5_000, 5_000]);
});

type Poll = (house: FhirHouse, afterMs: number) => Promise<{ id: string; ms: number }[]>;

const byChange =
  (query: string): Poll =>
  async (house, afterMs) => {
    const since = `_lastUpdated=gt${new Date(afterMs).toISOString()}`;
    const ids = await idsFound(house, 'Organization', query.replace('{}', since));
    const { repository, organisationId } = house;
    const found = ids.map(async (id) => {
      const read = await repository.read(organisationId, { type: 'Organization', id });
      return { id, ms: (read.ok && read.value.updatedMs) || 0 };
    });
    return await Promise.all(found);
  };

const POLLS: Readonly<Record<string, Poll>> = {
  _lastUpdated: byChange('{}'),
  'the newest of all': byChange('_sort=-_lastUpdated'),
  _history: async ({ repository, organisationId }, afterMs) => {
    const question = { type: 'Organization', id: undefined, after: undefined, limit: 100 };
    const page = await repository.history(organisationId, { ...question, sinceMs: afterMs + 1 });
    return page.documents.map(({ id, updatedMs = 0 }) => ({ id, ms: updatedMs }));
  },
};

for (const [name, poll] of Object.entries(POLLS)) {
  test(`${name}: who goes on behind the newest that was told is told of everything`, async () => {
    await using house = await fhirHouse();
    const made = () => documentAfter(house, create({ resourceType: 'Organization', name: 'A' }));
    const release = await holdWrites(house);
    const slow = made();
    await someWriteWaits(house);
    house.clock.nowMs += 50;
    let isTold = false;
    const told = poll(house, 0).finally(() => (isTold = true));
    // Time enough for five answers one after the other.
    for (let at = 0; at < 5; at += 1) await idsFound(house, 'Encounter', 'status=planned');
    release();
    assert.equal(isTold, false, 'it waits for what is under way');
    const first = await told;
    assert.deepEqual(
      first.map(({ id }) => id),
      [(await slow).id],
    );
    // Written in the same millisecond, and after it by a clock that was set back.
    let newestMs = Math.max(...first.map(({ ms }) => ms));
    for (const stepMs of [0, 0, -10_000]) {
      house.clock.nowMs += stepMs;
      const { id } = await made();
      const more = (await poll(house, newestMs)).filter(({ ms }) => ms > newestMs);
      assert.deepEqual(
        more.map((one) => one.id),
        [id],
      );
      newestMs = more[0]?.ms ?? 0;
    }
  });
}

/** It has its time, and stands at a lock. */
async function someWriteWaits({ database }: FhirHouse): Promise<void> {
  await eventually('a write that waits', async () => {
    const waiting = await database.line`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return waiting.length > 0 ? true : undefined;
  });
}
