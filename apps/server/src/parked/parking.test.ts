import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import type { Sql } from '../database/pool.ts';
import { createSeal } from '../vault/seal.ts';
import { type ParkedMessage, Parking } from './parking.ts';
import { parkedAmountOf } from './store.ts';

const organisationId = parseOrganisationId('0190a0b0-0000-7000-8000-000000000001');
assert.ok(organisationId !== undefined);

const DEVICE = 'patch-1';
const QUOTA = 1_000;

const messageOf = (number: number, size = 1, deviceId = DEVICE): ParkedMessage => ({
  organisationId,
  deviceId,
  door: 'mqtt',
  messageId: String(number),
  bytes: new Uint8Array(size).fill(number & 0xff),
  receivedMs: 1_764_000_000_000,
  faults: [{ index: -1, fault: { code: 'PAYLOAD_MALFORMED' } }],
});

function openParking(sql: Sql, ports: { newId?: () => string; bytesMax?: number } = {}) {
  const seal = createSeal(new Uint8Array(32), (length) => new Uint8Array(length));
  const keyOf = () => ({ subjectId: undefined, seal });
  return Parking.open({ sql, keyOf, newId: randomUUID, ...ports });
}

const parkAll = (parking: Parking, count: number) =>
  Promise.allSettled(Array.from({ length: count }, (_, number) => parking.park(messageOf(number))));

test('messages at once do not get past the quota of their device', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  const outcomes = await parkAll(parking, QUOTA + 200);
  assert.equal((await parkedAmountOf(database.line, DEVICE)).rows, QUOTA);
  const refused = outcomes.filter(
    (outcome) => outcome.status === 'fulfilled' && outcome.value?.code === 'PARKED_QUOTA_EXCEEDED',
  );
  assert.equal(refused.length, 200);
});

test('what could not be written takes no room', async () => {
  await using database = await freshDatabase();
  let isBroken = true;
  // PostgreSQL refuses such an id, as it would refuse anything while it is away.
  const parking = await openParking(database.line, {
    newId: () => (isBroken ? 'no id' : randomUUID()),
  });
  const failed = await parkAll(parking, QUOTA);
  assert.ok(failed.every(({ status }) => status === 'rejected'));
  isBroken = false;
  await parkAll(parking, QUOTA);
  assert.equal((await parkedAmountOf(database.line, DEVICE)).rows, QUOTA);
});

test('a message that is sent again is parked once and takes the room of one', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  await parking.park(messageOf(1));
  await parking.park(messageOf(1));
  assert.equal((await parkedAmountOf(database.line, DEVICE)).rows, 1);
  assert.equal(parking.total, 1);
});

const MEBIBYTE = 1024 * 1024;

test('a device parks eight megabytes at most, however few its messages, and then still not a little more', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  for (let number = 0; number < 7; number += 1)
    assert.equal(await parking.park(messageOf(number, MEBIBYTE)), undefined);
  assert.equal((await parking.park(messageOf(7, MEBIBYTE)))?.code, 'PARKED_QUOTA_EXCEEDED');
  assert.equal(await parking.park(messageOf(8, MEBIBYTE / 2)), undefined, 'a smaller one has room');
  assert.equal(await parking.park(messageOf(9, MEBIBYTE, 'patch-2')), undefined, 'as have others');
  const { bytes } = await parkedAmountOf(database.line, DEVICE);
  assert.ok(bytes > 7.5 * MEBIBYTE && bytes < 8 * MEBIBYTE);

  const reopened = await openParking(database.line);
  assert.equal((await reopened.park(messageOf(10, MEBIBYTE)))?.code, 'PARKED_QUOTA_EXCEEDED');
  await reopened.expire(Number.MAX_SAFE_INTEGER);
  assert.equal(await reopened.park(messageOf(10, MEBIBYTE)), undefined, 'what expired made room');
});

test('all devices together have a quota of bytes as well', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line, { bytesMax: 10_000 });
  assert.equal(await parking.park(messageOf(1, 6_000)), undefined);
  const refused = await parking.park(messageOf(2, 6_000, 'patch-2'));
  assert.equal(refused?.code, 'PARKED_QUOTA_EXCEEDED');
  assert.equal(await parking.park(messageOf(3, 1_000, 'patch-3')), undefined);
  assert.equal(parking.total, 2);
});

test('what was on its way into the table has arrived once parking has settled', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  await parking.park(messageOf(1));
  const [second, third] = [parking.park(messageOf(2)), parking.park(messageOf(3))];
  await parking.settle();
  assert.equal((await parkedAmountOf(database.line, DEVICE)).rows, 3);
  await Promise.all([second, third]);
});
