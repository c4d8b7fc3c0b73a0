import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvLine, decimalText } from './csv-writer.ts';

const CELLS = [
  { text: 'heart-rate', written: 'heart-rate' },
  { text: '', written: '' },
  { text: 'a,b', written: '"a,b"' },
  { text: 'say "ah"', written: '"say ""ah"""' },
  { text: 'two\r\nlines', written: '"two\r\nlines"' },
  { text: '=1+1', written: "'=1+1" },
  { text: '+49', written: "'+49" },
  { text: '-1', written: "'-1" },
  { text: '@SUM(A1)', written: "'@SUM(A1)" },
  { text: '\t=1', written: "'\t=1" },
  { text: '\r=1', written: '"\'\r=1"' },
  { text: '=HYPERLINK("x","y")', written: '"\'=HYPERLINK(""x"",""y"")"' },
  { text: ' =1', written: ' =1' },
] as const;

for (const { text, written } of CELLS) {
  test(`the cell ${JSON.stringify(text)} is written ${JSON.stringify(written)}`, () => {
    assert.equal(csvLine([text, { number: '-1' }]), `${written},-1\r\n`);
  });
}

const NUMBERS = [
  { value: 37, decimals: 1, text: '37.0' },
  { value: 36.65, decimals: 1, text: '36.65' },
  { value: 72, decimals: 0, text: '72' },
  { value: -0, decimals: 0, text: '0' },
  { value: -0.5, decimals: 2, text: '-0.50' },
  { value: 1e-7, decimals: 0, text: '0.0000001' },
  { value: -1.25e-9, decimals: 0, text: '-0.00000000125' },
  { value: 1e21, decimals: 1, text: '1000000000000000000000.0' },
  { value: -1.5e22, decimals: 0, text: '-15000000000000000000000' },
] as const;

for (const { value, decimals, text } of NUMBERS) {
  test(`${value} with at least ${decimals} decimals is ${text}`, () => {
    assert.equal(decimalText(value, decimals), text);
  });
}

test('every number is written without an exponent and reads back as itself', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(finite, fc.nat(6), (value, decimals) => {
      const text = decimalText(value, decimals);
      assert.match(text, /^-?\d+(\.\d+)?$/);
      assert.equal(Number(text), value === 0 ? 0 : value);
    }),
  );
});

/** RFC 4180, read by the plainest means. */
function readLine(line: string): string[] {
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (;;) {
    const [, quoted, plain = '', end] = pattern.exec(line) ?? assert.fail('it is not RFC 4180');
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') return cells;
  }
}

test('any text comes back as it was, but for the apostrophe before what would run', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom(...'a,"\r\n=+-@\t ') }), { minLength: 1 }),
      (texts) => {
        const read = readLine(csvLine(texts));
        assert.deepEqual(
          read,
          texts.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)),
        );
        for (const cell of read) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
      },
    ),
  );
});
