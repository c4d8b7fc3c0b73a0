import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../../tests/support/server.ts';
import { ReadJournal } from './read-journal.ts';

const ORGANISATION = '0e11a5b0-0000-4000-8000-000000000001';

async function openAt(directory: string) {
  const gather = () => new Promise<void>((resolve) => setImmediate(resolve));
  return await ReadJournal.open({ directory, randomBytes, gather });
}

const write = (journal: ReadJournal, line: string) =>
  journal.write({ organisationId: ORGANISATION, line });

const linesOf = ({ records }: { records: readonly { line: string }[] }): string[] =>
  records.map(({ line }) => line);

test('what was written is there after a crash, in its order, however long', async () => {
  const directory = await temporaryDirectory();
  const { journal, left } = await openAt(directory);
  assert.deepEqual(left, []);
  const lines = Array.from({ length: 200 }, (_, n) => `${n} ${'é'.repeat((n * 37) % 9_000)}`);
  for (const line of lines.slice(0, 20)) await write(journal, line);
  await Promise.all(lines.slice(20).map((line) => write(journal, line)));
  // Not closed: the process was killed.
  const again = await openAt(directory);
  assert.deepEqual(again.left.flatMap(linesOf), lines);
  await again.journal[Symbol.asyncDispose]();
  await journal[Symbol.asyncDispose]();
});

test('a piece is given until it is done, and nothing of it stands behind a later one', async () => {
  const directory = await temporaryDirectory();
  const { journal } = await openAt(directory);
  for (const line of ['a', 'b', 'c']) await write(journal, line);
  const first = await journal.take();
  await write(journal, 'd');
  assert.equal(await journal.take(), first);
  assert.deepEqual(first && linesOf(first), ['a', 'b', 'c']);
  journal.done();
  const second = await journal.take();
  assert.deepEqual(second && linesOf(second), ['d']);
  journal.done();
  assert.equal(await journal.take(), undefined);
  await write(journal, 'e');
  const { journal: again, left } = await openAt(directory);
  assert.deepEqual(left.map(linesOf).sort(), [['d'], ['e']], 'a, b and c were written over');
  await again[Symbol.asyncDispose]();
  await journal[Symbol.asyncDispose]();
});

test('a record whose writing was cut short is none, and was answered to nobody', async () => {
  const directory = await temporaryDirectory();
  const { journal } = await openAt(directory);
  await write(journal, 'whole');
  await write(journal, 'cut');
  await journal[Symbol.asyncDispose]();
  const file = await open(join(directory, 'reads-0'), 'r+');
  // The second write is a block of its own.
  await file.write(Buffer.from([0]), 0, 1, 4_096 + 20);
  await file.close();
  const { journal: again, left } = await openAt(directory);
  assert.deepEqual(left.map(linesOf), [['whole']]);
  await again[Symbol.asyncDispose]();
});
