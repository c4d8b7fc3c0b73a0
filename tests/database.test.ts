import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { asOrganisation } from '../apps/server/src/database/pool.ts';
import { freshDatabase } from './support/database.ts';

test('a query without a scope sees nothing, with organisation A nothing of B', async () => {
  await using database = await freshDatabase();
  const [a, b] = [randomUUID(), randomUUID()];
  for (const id of [a, b])
    await database.line`INSERT INTO organisation (id, name) VALUES (${id}, 'x')`;
  assert.equal((await database.people`SELECT id FROM organisation`).length, 0);
  const seen = await asOrganisation(database.people, a, (tx) => tx`SELECT id FROM organisation`);
  assert.deepEqual([...seen], [{ id: a }]);
});
