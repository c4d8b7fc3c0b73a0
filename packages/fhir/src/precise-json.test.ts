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
  '{"value":-0}',
  '{"value":0.12345678901234567890}',
  '{"value":1234567.1234567890123}',
];

for (const text of KEPT) {
  test(`${text} is written as it was read`, () => assert.equal(through(text), text));
}

const NONE = [
  '{"reference":"Patient/00000000-1e10-4000-8000-5e3211111111"}',
  '{"at":"2026-11-22T06:00:10.500Z","until":"2026-11-22T06:00:00.0Z"}',
  '{"value":-0.5,"other":10,"more":[20,100]}',
  '{"value":123456789012345}',
];

for (const text of NONE) {
  test(`${text} holds nothing that a number forgets`, () => {
    assert.deepEqual(parsePrecise(text), { value: JSON.parse(text), hasPrecise: false });
  });
}

test('every number comes back as it was written', () => {
  const digits = (least: number, most: number) =>
    fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most })
      .map((all) => all.join(''));
  const whole = digits(1, 20).map((text) => text.replace(/^0+(?=\d)/, ''));
  const fraction = fc.option(
    digits(1, 20).map((text) => `.${text}`),
    { nil: '' },
  );
  const exponent = fc.constantFrom('', '', 'e2', 'E-3', 'e+10');
  const number = fc
    .tuple(fc.constantFrom('', '-'), whole, fraction, exponent)
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(number, fc.constantFrom('', ' ', '\n'), (text, blank) => {
      const json = `{"value":[1,${blank}${text}${blank}],"text":"${text}"}`;
      const written = through(json);
      assert.equal(written, `{"value":[1,${text}],"text":"${text}"}`);
    }),
    { numRuns: 2_000 },
  );
});

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
