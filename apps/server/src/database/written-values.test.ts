import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { openConnection, type Sql } from './pool.ts';

/** What types forbid, as it would come from where they were not asked. */
const WRONG: Record<string, (sql: Sql, wrong: unknown) => Promise<unknown>> = {
  'a value that is undefined': (sql, wrong) => sql`SELECT ${wrong as string}::text`,
  'a truth that is none': (sql, wrong) => sql`SELECT ${wrong as boolean}::boolean`,
  'bytes that are none': (sql, wrong) => sql`SELECT ${wrong as Uint8Array}::bytea`,
  'a time that is none': (sql) => sql`SELECT ${new Date(Number.NaN)}::timestamptz`,
  'an item that is undefined': (sql, wrong) => sql`SELECT ${['', wrong as string]}::text[]`,
};

const echo = async (sql: Sql, text: string): Promise<string | undefined> => {
  const [row] = await sql<{ text: string }[]>`SELECT ${text}::text AS text`;
  return row?.text;
};

for (const [what, ask] of Object.entries(WRONG)) {
  test(`${what} is its own question's trouble, and nobody gets what another asked for`, async () => {
    await using database: TestDatabase = await freshDatabase();
    const sql = openConnection(database.connection);
    try {
      // The driver has to know a question before it sends it behind one that is under way.
      await Promise.allSettled([echo(sql, ''), ask(sql, null)]);
      const [first, wrong, second] = await Promise.allSettled([
        echo(sql, 'first'),
        ask(sql, undefined),
        echo(sql, 'second'),
      ]);
      assert.equal(wrong.status, 'rejected');
      assert.deepEqual(
        [first, second].map((one) => one.status === 'fulfilled' && one.value),
        ['first', 'second'],
      );
      assert.equal(await echo(sql, 'third'), 'third');
    } finally {
      await sql.end({ timeout: 1 });
    }
  });
}

test('truths, bytes and times come back as they were written', async () => {
  await using database = await freshDatabase();
  const time = new Date('2026-11-22T14:00:00.123Z');
  const bytes = new Uint8Array([9, 0, 255, 9]).subarray(1, 3);
  const [row] = await database.line`
    SELECT ${true}::boolean AS yes, ${false}::boolean AS no, ${bytes}::bytea AS bytes, ${time}::timestamptz AS time`;
  assert.deepEqual({ ...row }, { yes: true, no: false, bytes: Buffer.from([0, 255]), time });
});
