import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Columns } from './columns.ts';

interface Row {
  readonly stampMs: number;
  readonly value: number;
  readonly flags: number;
}

function rowsOf(columns: Columns): Row[] {
  const { stampsMs, values, flags } = columns.view();
  return Array.from(stampsMs, (stampMs, i) => ({
    stampMs,
    value: values[i] as number,
    flags: flags[i] as number,
  }));
}

/** Behind all of the same or an earlier stamp. */
function put(rows: Row[], row: Row): void {
  let at = rows.length;
  while (at > 0 && (rows[at - 1] as Row).stampMs > row.stampMs) at -= 1;
  rows.splice(at, 0, row);
}

function expectSame(columns: Columns, rows: readonly Row[]): void {
  assert.equal(columns.length, rows.length);
  assert.equal(columns.firstStampMs, rows[0]?.stampMs ?? Number.POSITIVE_INFINITY);
  assert.equal(columns.lastStampMs, rows.at(-1)?.stampMs ?? Number.NEGATIVE_INFINITY);
  assert.deepEqual(rowsOf(columns), rows);
}

const oneStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ run: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 2, arbitrary: fc.record({ lateMs: fc.integer({ min: 0, max: 2000 }) }) },
  { weight: 1, arbitrary: fc.record({ added: fc.integer({ min: 0, max: 600 }) }) },
  { weight: 1, arbitrary: fc.constant({ look: true }) },
);

test('columns hold what was put into them, in order, however it came', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.nat(400),
      fc.array(oneStep, { maxLength: 12 }),
      (stagger, expected, steps) => {
        const columns = new Columns({ stagger, expected });
        const rows: Row[] = [];
        let stampMs = 1000;
        const next = (): Row => {
          stampMs += 1;
          return { stampMs, value: stampMs / 2, flags: stampMs > 1_500 ? stampMs % 7 : 0 };
        };
        for (const step of steps) {
          if ('run' in step) {
            for (let i = 0; i < step.run; i += 1) {
              const row = next();
              columns.insert(row.stampMs, row.value, row.flags);
              rows.push(row);
            }
          } else if ('lateMs' in step) {
            const row = { stampMs: stampMs - step.lateMs, value: -1, flags: 1 };
            columns.insert(row.stampMs, row.value, row.flags);
            put(rows, row);
            stampMs = Math.max(stampMs, row.stampMs);
          } else if ('added' in step) {
            const added = Array.from({ length: step.added }, next);
            columns.add({
              stampsMs: Float64Array.from(added, (row) => row.stampMs),
              values: Float64Array.from(added, (row) => row.value),
              flags: Uint8Array.from(added, (row) => row.flags),
            });
            rows.push(...added);
          } else {
            expectSame(columns, rows);
          }
        }
        expectSame(columns, rows);
        expectSame(columns.tail(600), rows.slice(-600));
      },
    ),
    { numRuns: 60 },
  );
});

test('a stamp is found in what is full and in what is filling', () => {
  const columns = new Columns();
  for (let stampMs = 0; stampMs < 2000; stampMs += 2) columns.insert(stampMs, stampMs, 0);
  assert.equal(columns.indexOf(0), 0);
  assert.equal(columns.indexOf(1998), 999);
  assert.equal(columns.indexOf(999), -1);
  assert.equal(columns.indexAfter(-1), 0);
  assert.equal(columns.indexAfter(1000), 501);
  assert.equal(columns.valueAt(700), 1400);
});

test('a reading later than one in full columns stands where it belongs', () => {
  const columns = new Columns();
  for (let stampMs = 1; stampMs <= 1000; stampMs += 1) columns.insert(stampMs * 10, 1, 0);
  columns.insert(15, 2, 0);
  columns.insert(10_001, 3, 0);
  assert.deepEqual([...columns.slice(0, 3).stampsMs], [10, 15, 20]);
  assert.equal(columns.lastStampMs, 10_001);
  assert.equal(columns.length, 1002);
});
