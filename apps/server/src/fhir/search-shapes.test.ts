import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  create,
  documentAfter,
  fhirHouse,
  idsFound,
} from '../../../../tests/support/fhir-house.ts';
import { versionIn } from './http-answer.ts';
import { SearchShapes } from './search-shapes.ts';

const token = (...anyOf: number[]) => ({ kind: 'tokens', anyOf }) as const;

test('what comes again is kept, whatever it asks for; what is made up takes no place', () => {
  const shapes = new SearchShapes();
  const ask = (hash: number, limit: number) =>
    shapes.isKept('page', { types: ['A'], sort: [], conditions: [token(hash)], limit });
  assert.deepEqual([ask(1, 10), ask(2, 20), ask(3, 10), ask(4, 5)], [false, false, true, true]);
  const nested = (depth: number): object =>
    depth === 0 ? token(1) : { kind: 'not', of: nested(depth - 1) };
  for (let depth = 0; depth < 500; depth += 1) {
    const conditions = [nested(depth)];
    for (let time = 0; time < 4; time += 1) shapes.isKept('page', { conditions });
  }
  assert.equal(ask(5, 1), true);
  const later = { conditions: [token(1), token(1, 2)] };
  for (let time = 0; time < 4; time += 1) assert.equal(shapes.isKept('count', later), false);
});

test('the database keeps what is asked again, and no search that somebody made up', async () => {
  await using house = await fhirHouse();
  const name = randomUUID();
  const { id } = await documentAfter(house, create({ resourceType: 'Organization', name }));
  /** On whichever connection has most: a few look at once. */
  const kept = async (): Promise<number> => {
    const looks = Array.from({ length: 8 }, async () => {
      const { organisationId, database } = house;
      const rows = await database.read(
        organisationId,
        (sql) => sql<{ count: number }[]>`
          SELECT count(*) AS count, pg_sleep(0.05) FROM pg_prepared_statements
          WHERE statement LIKE ${'%AS weighed%'}`,
      );
      return Number(rows[0]?.count);
    });
    return Math.max(...(await Promise.all(looks)));
  };
  for (let at = 1; at <= 20; at += 1) {
    const values = Array(at).fill('date=gt2020-01-01').join('&');
    assert.deepEqual(await idsFound(house, 'Encounter', values), []);
  }
  assert.equal(await kept(), 0);
  for (let at = 0; at < 20; at += 1)
    assert.deepEqual(await idsFound(house, 'Organization', `name=${name}&_id=${id}`), [id]);
  for (let at = 0; at < 20; at += 1) await idsFound(house, 'Encounter', `date=gt20${at + 10}`);
  assert.ok((await kept()) > 0, 'one connection at least has it');
});

test('a version is read out of a header of any length at once', () => {
  for (const [header, version] of [
    ['W/"3"', '3'],
    ['"3"', '3'],
    [' 3 ', '3'],
    ['W/"1.0f"', '1.0f'],
    ['W/"3" x', 'W/"3" x'],
  ] as const)
    assert.equal(versionIn(header), version);
  // Were each blank a new beginning, these would take hours.
  const long = `W/"${' '.repeat(2_000_000)}" x`;
  assert.equal(versionIn(long), long);
});
