import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWholeIn } from './whole-in.ts';

const CASES: readonly (readonly [sent: unknown, told: unknown, is: boolean])[] = [
  [{ a: 1 }, { a: 1, b: 2 }, true],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: '1' }, { a: 1 }, false],
  [{ a: { b: 1 } }, { a: { c: 2, b: 1 } }, true],
  [{ a: [2] }, { a: [1, 2] }, true],
  [{ a: [2, 2] }, { a: [1, 2] }, false],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2 }, { b: 1, c: 3 }] }, true],
  [{ a: [] }, {}, false],
  [{ a: [1] }, { a: 1 }, false],
  [{ a: 1 }, { a: [1] }, false],
  [{ toString: 1 }, {}, false],
  [null, undefined, false],
  [{}, [], false],
];

for (const [sent, told, is] of CASES) {
  test(`${JSON.stringify(sent)} is ${is ? '' : 'not '}whole in ${JSON.stringify(told)}`, () => {
    assert.equal(isWholeIn(sent, told), is);
  });
}

test('whatever it is, it is whole in itself, and in itself with more', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      assert.ok(isWholeIn(value, value));
      assert.ok(isWholeIn(value, { ...value, 'one more': 1 }));
    }),
  );
});
