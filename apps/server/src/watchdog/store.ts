/**
 * Where the canary of the watchdog lives: an organisation of its own, so that no ward, no list and no count of
 * anybody else's ever holds it. Its id is the same everywhere.
 */
import { expect } from '@ausculta/vitals/expect';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';

const id = parseOrganisationId('a05c017a-0000-4000-8000-00000000d060');
expect(id !== undefined, 'the id of the watchdog is well formed');
export const WATCHDOG_ORGANISATION = id;

export async function makeHouse(tx: Transaction): Promise<void> {
  await tx`
    INSERT INTO organisation (id, name) VALUES (${WATCHDOG_ORGANISATION}, 'Watchdog')
    ON CONFLICT DO NOTHING`;
}

/** Whether a watchdog was ever enrolled: then its absence is to be told. */
export async function hasHouse(sql: Sql): Promise<boolean> {
  const rows = await sql`SELECT FROM organisation WHERE id = ${WATCHDOG_ORGANISATION}`;
  return rows.length > 0;
}
