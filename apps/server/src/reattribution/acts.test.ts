/** Acts upon who wears a device, on a real PostgreSQL: what a server that was replaced may not say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';
import { keys, OTHER, openWard, SUBJECT } from '../../../../tests/support/archive.ts';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import type { InLane } from '../database/pool.ts';
import { Registry } from '../devices/registry.ts';
import { readAssignments } from '../devices/store.ts';
import { inLaneOf, PostgresLog, TakenOver } from '../telemetry/postgres-log.ts';
import { Acts } from './acts.ts';
import { type OrderRow, readUnfinished } from './store.ts';

const MINUTE = 60_000;
const WHO = { organisationId: ORGANISATION, accountId: undefined };

/** What moves is not of these tests: its orders are. */
function actsOf(
  { registry, inLane }: { readonly registry: Registry; readonly inLane: InLane },
  outside: Partial<ConstructorParameters<typeof Acts>[0]> = {},
): Acts {
  let ids = 10;
  return new Acts({
    inLane,
    registry,
    holds: { of: () => [] },
    reattribution: { begin: () => {}, findOut: async () => {} },
    organisationSeal: () => keys.sealOf(),
    newestMs: () => undefined,
    arriving: () => [],
    onWorn: () => {},
    nowMs: () => NOON,
    newId: () => {
      ids += 1;
      return subjectId(ids);
    },
    ...outside,
  });
}

test('a server that has been replaced says nothing more of who wears what, nor of anybody new', async () => {
  await using database = await freshDatabase();
  const owner = await PostgresLog.takeOver(database.line);
  const ends: string[] = [];
  const inLane = inLaneOf(database.line, { owner, onTakenOver: (why) => ends.push(why) });
  const { registry, device } = await openWard(database, inLane);
  const acts = actsOf({ registry, inLane });
  const assigned = { subjectId: OTHER, fromMs: NOON - MINUTE };
  assert.ok((await acts.assign(WHO, device, assigned)).ok, 'while the lane is its own');
  const before = await readAssignments(database.line);
  await PostgresLog.takeOver(database.line);

  await assert.rejects(acts.assign(WHO, device, { subjectId: SUBJECT, fromMs: NOON }), TakenOver);
  const person = registry.subjects.get(OTHER);
  expect(person !== undefined, 'the subject is there');
  await assert.rejects(registry.addSubject({ ...person, id: subjectId(3) }), TakenOver);
  const clock = { change: { kind: 'epoch', epoch: 1, offsetMs: 5_000, fromStampMs: 0 } } as const;
  const state = { epoch: 1, offsetMs: 5_000, newestStampMs: 0, suspect: undefined };
  const needs = { clock: { ...clock, state }, series: [] };
  await assert.rejects(registry.provide(device, needs, NOON), TakenOver);

  assert.deepEqual(await readAssignments(database.line), before);
  const next = await Registry.load({ sql: database.line, inLane, keys });
  assert.deepEqual([...next.subjects.keys()].toSorted(), [SUBJECT, OTHER].toSorted());
  assert.deepEqual(next.devices.get('monitor-1')?.offsetsOf(1).marks, []);
  assert.equal(registry.subjects.has(subjectId(3)), false, 'nor does it believe so itself');
  assert.equal(ends.length, 3, 'it ends');
});

const spanOf = ({ from_subject_id, to_subject_id, from_ms, until_ms }: OrderRow): string =>
  `${Number(from_subject_id.slice(-12))}>${Number(to_subject_id.slice(-12))} ${from_ms - NOON} ${until_ms}`;

for (const { what, outside, orders, isHeld = false } of [
  { what: 'nothing that came meanwhile', outside: {}, orders: [] },
  {
    what: 'a reading that was still placed with who wore it before',
    outside: { newestMs: () => NOON - 7 * MINUTE },
    orders: [`1>2 ${-8 * MINUTE} null`],
  },
  {
    what: 'one that is not durable yet',
    outside: { arriving: (): SubjectId[] => [SUBJECT] },
    orders: [`1>2 ${-8 * MINUTE} null`],
  },
  {
    what: 'one in a record that must be kept as it is',
    outside: { newestMs: () => NOON - 7 * MINUTE },
    isHeld: true,
    orders: [],
  },
]) {
  test(`said late of a device that was taken off, and ${what}`, async () => {
    await using database = await freshDatabase();
    const { registry, device } = await openWard(database);
    const inLane = aloneIn(database.line);
    const taken = actsOf({ registry, inLane });
    assert.ok((await taken.release(WHO, device, NOON - 10 * MINUTE)).ok);
    const held = { id: '1', reason: 'a court', placedBy: null, placedAt: '2026-03-01T12:00:00Z' };
    const holds = { of: () => (isHeld ? [held] : []) };
    const acts = actsOf({ registry, inLane }, { ...outside, holds });
    const since = { subjectId: OTHER, fromMs: NOON - 8 * MINUTE };
    const before = (await readUnfinished(database.line)).length;
    assert.ok((await acts.assign(WHO, device, since)).ok);
    assert.deepEqual((await readUnfinished(database.line)).slice(before).map(spanOf), orders);
  });
}

test('what came while a device was being taken off goes along with what follows it', async () => {
  await using database = await freshDatabase();
  const { registry, device } = await openWard(database);
  const acts = actsOf({ registry, inLane: aloneIn(database.line) });
  assert.ok((await acts.release(WHO, device, NOON - 10 * MINUTE)).ok);
  const since = { subjectId: OTHER, fromMs: NOON - 10 * MINUTE };
  assert.ok((await acts.assign(WHO, device, since)).ok);
  assert.deepEqual((await readUnfinished(database.line)).map(spanOf), [`1>2 ${-10 * MINUTE} null`]);
});
