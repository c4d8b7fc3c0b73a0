import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import type { Sql } from '../database/pool.ts';
import { createSeal } from '../vault/seal.ts';
import { type ParkedMessage, Parking } from './parking.ts';
import { countParkedOf } from './store.ts';

const organisationId = parseOrganisationId('0190a0b0-0000-7000-8000-000000000001');
assert.ok(organisationId !== undefined);

const DEVICE = 'patch-1';
const QUOTA = 1_000;

const messageOf = (number: number): ParkedMessage => ({
  organisationId,
  deviceId: DEVICE,
  door: 'mqtt',
  messageId: String(number),
  bytes: new Uint8Array([number & 0xff]),
  receivedMs: 1_764_000_000_000,
  faults: [{ index: -1, fault: { code: 'PAYLOAD_MALFORMED' } }],
});

function openParking(sql: Sql, newId: () => string = randomUUID): Promise<Parking> {
  const seal = createSeal(new Uint8Array(32), (length) => new Uint8Array(length));
  return Parking.open({ sql, seal, newId });
}

const parkAll = (parking: Parking, count: number) =>
  Promise.allSettled(Array.from({ length: count }, (_, number) => parking.park(messageOf(number))));

test('messages at once do not get past the quota of their device', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  const outcomes = await parkAll(parking, QUOTA + 200);
  assert.equal(await countParkedOf(database.line, DEVICE), QUOTA);
  const refused = outcomes.filter(
    (outcome) => outcome.status === 'fulfilled' && outcome.value?.code === 'PARKED_QUOTA_EXCEEDED',
  );
  assert.equal(refused.length, 200);
});

test('what could not be written takes no room', async () => {
  await using database = await freshDatabase();
  let isBroken = true;
  // PostgreSQL refuses such an id, as it would refuse anything while it is away.
  const parking = await openParking(database.line, () => (isBroken ? 'no id' : randomUUID()));
  const failed = await parkAll(parking, QUOTA);
  assert.ok(failed.every(({ status }) => status === 'rejected'));
  isBroken = false;
  await parkAll(parking, QUOTA);
  assert.equal(await countParkedOf(database.line, DEVICE), QUOTA);
});

test('a message that is sent again is parked once and takes the room of one', async () => {
  await using database = await freshDatabase();
  const parking = await openParking(database.line);
  await parking.park(messageOf(1));
  await parking.park(messageOf(1));
  assert.equal(await countParkedOf(database.line, DEVICE), 1);
  assert.equal(parking.total, 1);
});
