import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePrecise, writePrecise } from './precise-json.ts';

const through = (text: string): string => {
  const { value, hasPrecise } = parsePrecise(text);
  return writePrecise(value, hasPrecise);
};

const KEPT = [
  '{"value":37.0}',
  '{"value":[0.10,1e3,100,-0.0,12345678901234567890]}',
  '{"text":"37.0, or 1e3","value":37}',
  '[{"a":{"b":5.00}},{"a":{"b":5}}]',
];

for (const text of KEPT) {
  test(`${text} is written as it was read`, () => assert.equal(through(text), text));
}

test('what is put in the place of a number is written, not the number', () => {
  const { value } = parsePrecise('{"value":37.0}');
  (value as { value: number }).value = 38;
  assert.equal(writePrecise(value, true), '{"value":38}');
});

test('an object keeps its decimals where it is moved to', () => {
  const { value } = parsePrecise('{"inner":{"value":2.50}}');
  const moved = { id: 'new', ...(value as object) };
  assert.equal(writePrecise(moved, true), '{"id":"new","inner":{"value":2.50}}');
});

test('any JSON without odd numbers comes back as JSON.stringify has it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      assert.equal(through(text), text);
    }),
  );
});
