import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatheredWrites, type GatheringPorts } from './gathered-writes.ts';

/** A store whose statements are answered by hand: a part is its name, and its answer is that in capitals. */
class StoreUnderTest {
  readonly statements: string[][] = [];
  readonly #answers: PromiseWithResolvers<string[]>[] = [];
  readonly writes: GatheredWrites<string, string>;

  constructor(more: Partial<GatheringPorts<string, string>> = {}) {
    this.writes = new GatheredWrites<string, string>({
      write: (parts) => {
        const answer = Promise.withResolvers<string[]>();
        this.statements.push([...parts]);
        this.#answers.push(answer);
        return answer.promise;
      },
      weigh: (part) => part.length,
      weightMax: 10,
      ...more,
    });
  }

  async keep(statement: number): Promise<void> {
    const parts = this.statements[statement] ?? [];
    this.#answers[statement]?.resolve(parts.map((part) => part.toUpperCase()));
    await settled();
  }

  async fail(statement: number, error: unknown): Promise<void> {
    this.#answers[statement]?.reject(error);
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes while a statement is on its way goes together as the next', async () => {
  const store = new StoreUnderTest();
  const { statements, writes } = store;
  const first = writes.write('a');
  await settled();
  const [second, third] = [writes.write('b'), writes.write('c')];
  await settled();
  assert.deepEqual(statements, [['a']]);
  await store.keep(0);
  assert.deepEqual(statements, [['a'], ['b', 'c']]);
  assert.equal(await first, 'A');
  await store.keep(1);
  assert.deepEqual([await second, await third], ['B', 'C']);
  void writes.write('d');
  await settled();
  assert.deepEqual(statements.at(-1), ['d']);
});

test('a part that the database refuses is its own trouble', async () => {
  const store = new StoreUnderTest();
  const { statements, writes } = store;
  const outcomes = Promise.allSettled(['a', 'wrong', 'c'].map((part) => writes.write(part)));
  await settled();
  const refused = Object.assign(new Error('a check does not hold'), { code: '23514' });
  await store.fail(0, refused);
  await store.keep(1);
  await store.fail(2, refused);
  await store.keep(3);
  assert.deepEqual(statements, [['a', 'wrong', 'c'], ['a'], ['wrong'], ['c']]);
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a store that is away is not asked again for each of them', async () => {
  const store = new StoreUnderTest();
  const { statements, writes } = store;
  const outcomes = Promise.allSettled([writes.write('a'), writes.write('b')]);
  await settled();
  await store.fail(0, Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  assert.equal(statements.length, 1);
  assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
});

for (const { parts, together } of [
  { parts: ['aaaaa', 'bbbbb', 'c'], together: [2, 1] },
  { parts: ['aaaaaaaaaaaa', 'b'], together: [1, 1] },
  { parts: ['a', 'bbbbbbbbbbbb', 'c'], together: [1, 1, 1] },
]) {
  test(`a statement carries so much and no more: ${parts.join(' ')}`, async () => {
    const store = new StoreUnderTest();
    const { statements, writes } = store;
    const all = parts.map((part) => writes.write(part));
    await settled();
    for (const [statement] of together.entries()) await store.keep(statement);
    await Promise.all(all);
    assert.deepEqual(
      statements.map(({ length }) => length),
      together,
    );
  });
}

test('whoever settles waits for what is on its way, failed or not', async () => {
  const store = new StoreUnderTest();
  const { writes } = store;
  let isSettled = false;
  const failed = assert.rejects(writes.write('a'), /gone/);
  const settling = writes.settle().then(() => {
    isSettled = true;
  });
  await settled();
  assert.equal(isSettled, false);
  await store.fail(0, Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  await Promise.all([failed, settling]);
});

test('what comes until it has gathered goes together, and what comes later waits for nothing else', async () => {
  const gatherings: (() => void)[] = [];
  const gather = () => new Promise<void>((resolve) => void gatherings.push(resolve));
  const store = new StoreUnderTest({ gather });
  const { statements, writes } = store;
  const all = [writes.write('a')];
  await settled();
  all.push(writes.write('b'));
  assert.deepEqual(statements, []);
  gatherings[0]?.();
  await settled();
  all.push(writes.write('c'));
  await store.keep(0);
  assert.deepEqual(statements, [['a', 'b'], ['c']]);
  await store.keep(1);
  assert.deepEqual(await Promise.all(all), ['A', 'B', 'C']);
  assert.equal(gatherings.length, 1);
  void writes.write('d');
  await settled();
  assert.equal(gatherings.length, 2);
});

test('what weighs enough waits for no statement, and what is light waits for the last', async () => {
  const store = new StoreUnderTest({ besideFrom: 3 });
  const { statements, writes } = store;
  const all: Promise<string>[] = [];
  for (const part of ['a', 'bb', 'c', 'ddd', 'eee']) {
    all.push(writes.write(part));
    await settled();
  }
  assert.deepEqual(statements, [['a'], ['bb', 'c']], 'two at most');
  let isSettled = false;
  const settling = writes.settle().then(() => {
    isSettled = true;
  });
  await store.keep(1);
  assert.deepEqual(statements, [['a'], ['bb', 'c'], ['ddd', 'eee']]);
  all.push(writes.write('f'));
  await store.keep(2);
  assert.equal(statements.length, 3, 'it waits for the first');
  assert.equal(isSettled, false);
  await store.keep(0);
  assert.deepEqual(statements.at(-1), ['f']);
  await store.keep(3);
  await settling;
  assert.deepEqual(await Promise.all(all), ['A', 'BB', 'C', 'DDD', 'EEE', 'F']);
});
