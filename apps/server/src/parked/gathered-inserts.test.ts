import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatheredInserts } from './gathered-inserts.ts';
import type { ParkedRow } from './store.ts';

const rowOf = (id: string, size = 1): ParkedRow => ({
  organisation_id: null,
  id,
  device_id: 'patch-1',
  subject_id: null,
  door: 'mqtt',
  fault: 'PAYLOAD_MALFORMED',
  detail: '',
  message_id: id,
  received_ms: 0,
  message_sealed: new Uint8Array(size),
  expires_ms: 0,
  ...{ kind: null, epoch: null, offset_ms: null, shift_ms: null },
});

/** A store whose statements are answered by hand. */
class StoreUnderTest {
  readonly statements: string[][] = [];
  readonly #answers: PromiseWithResolvers<Set<string>>[] = [];

  insert = (rows: readonly ParkedRow[]): Promise<Set<string>> => {
    const answer = Promise.withResolvers<Set<string>>();
    this.statements.push(rows.map(({ id }) => id));
    this.#answers.push(answer);
    return answer.promise;
  };

  async keep(statement: number, ids = this.statements[statement] ?? []): Promise<void> {
    this.#answers[statement]?.resolve(new Set(ids));
    await settled();
  }

  async fail(statement: number, error: unknown): Promise<void> {
    this.#answers[statement]?.reject(error);
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idsOf = (rows: readonly ParkedRow[]): string[] => rows.map(({ id }) => id);

test('what comes while a statement is on its way goes together as the next', async () => {
  const store = new StoreUnderTest();
  const inserts = new GatheredInserts(store.insert);
  const first = inserts.write([rowOf('a')]);
  await settled();
  const [second, third] = [inserts.write([rowOf('b'), rowOf('b#1')]), inserts.write([rowOf('c')])];
  await settled();
  assert.deepEqual(store.statements, [['a']]);
  await store.keep(0);
  assert.deepEqual(store.statements, [['a'], ['b', 'b#1', 'c']]);
  assert.deepEqual(idsOf(await first), ['a']);
  await store.keep(1, ['b', 'c']);
  assert.deepEqual([idsOf(await second), idsOf(await third)], [['b'], ['c']]);
  void inserts.write([rowOf('d')]);
  await settled();
  assert.deepEqual(store.statements.at(-1), ['d']);
});

test('a message that the database refuses is its own trouble', async () => {
  const store = new StoreUnderTest();
  const inserts = new GatheredInserts(store.insert);
  const writes = ['a', 'wrong', 'c'].map((id) => inserts.write([rowOf(id)]));
  const outcomes = Promise.allSettled(writes);
  await settled();
  const refused = Object.assign(new Error('a check does not hold'), { code: '23514' });
  await store.fail(0, refused);
  await store.keep(1);
  await store.fail(2, refused);
  await store.keep(3);
  assert.deepEqual(store.statements, [['a', 'wrong', 'c'], ['a'], ['wrong'], ['c']]);
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a store that is away is not asked again for each of them', async () => {
  const store = new StoreUnderTest();
  const inserts = new GatheredInserts(store.insert);
  const outcomes = Promise.allSettled([inserts.write([rowOf('a')]), inserts.write([rowOf('b')])]);
  await settled();
  await store.fail(0, Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  assert.equal(store.statements.length, 1);
  assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
});

test('a statement has at most a thousand rows and four MiB, unless one message has more', async () => {
  const MEBIBYTE = 1024 * 1024;
  for (const { sizes, together } of [
    { sizes: Array.from({ length: 1_001 }, () => 1), together: [1_000, 1] },
    { sizes: [MEBIBYTE, MEBIBYTE, MEBIBYTE, MEBIBYTE, 1], together: [4, 1] },
    { sizes: [5 * MEBIBYTE, 1], together: [1, 1] },
  ]) {
    const store = new StoreUnderTest();
    const inserts = new GatheredInserts(store.insert);
    const writes = sizes.map((size, i) => inserts.write([rowOf(String(i), size)]));
    await settled();
    for (const [statement] of together.entries()) await store.keep(statement);
    await Promise.all(writes);
    assert.deepEqual(
      store.statements.map(({ length }) => length),
      together,
    );
  }
});
