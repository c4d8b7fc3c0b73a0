import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { createSeal } from '../vault/seal.ts';
import { type ParkedMessage, Parking } from './parking.ts';

const organisationId = parseOrganisationId('0190a0b0-0000-7000-8000-000000000001');
assert.ok(organisationId !== undefined);

/** A database of which only the counting matters: every row is new, each statement takes a turn. */
function countingSql(): { sql: Sql; rows: () => number; fail: (fails: boolean) => void } {
  let rows = 0;
  let fails = false;
  const sql = (first: readonly unknown[], ...values: unknown[]): unknown => {
    if (!Object.hasOwn(first, 'raw')) return { rows: first.length };
    return (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const [inserted] = values;
      const isInsert = String(first[0]).includes('INSERT');
      if (!isInsert) return [{ count: rows }];
      if (fails) throw new Error('the database is away');
      const { rows: added } = inserted as { rows: number };
      rows += added;
      return Array.from({ length: added });
    })();
  };
  return {
    sql: sql as unknown as Sql,
    rows: () => rows,
    fail: (now) => {
      fails = now;
    },
  };
}

const messageOf = (number: number): ParkedMessage => ({
  organisationId,
  deviceId: 'patch-1',
  door: 'mqtt',
  messageId: String(number),
  bytes: new Uint8Array([number & 0xff]),
  receivedMs: 1_764_000_000_000,
  faults: [{ index: -1, fault: { code: 'PAYLOAD_MALFORMED' } }],
});

async function openParking(sql: Sql): Promise<Parking> {
  const seal = createSeal(new Uint8Array(32), (length) => new Uint8Array(length));
  let ids = 0;
  return await Parking.open({ sql, seal, newId: () => String(ids++) });
}

test('messages at once do not get past the quota of their device', async () => {
  const { sql, rows } = countingSql();
  const parking = await openParking(sql);
  const faults = await Promise.all(
    Array.from({ length: 1_200 }, (_, number) => parking.park(messageOf(number))),
  );
  assert.equal(rows(), 1_000);
  assert.equal(faults.filter((fault) => fault?.code === 'PARKED_QUOTA_EXCEEDED').length, 200);
});

test('what could not be written takes no room', async () => {
  const { sql, rows, fail } = countingSql();
  const parking = await openParking(sql);
  fail(true);
  const failed = Array.from({ length: 1_000 }, (_, number) => parking.park(messageOf(number)));
  assert.ok((await Promise.allSettled(failed)).every(({ status }) => status === 'rejected'));
  fail(false);
  await Promise.all(Array.from({ length: 1_000 }, (_, number) => parking.park(messageOf(number))));
  assert.equal(rows(), 1_000);
});
