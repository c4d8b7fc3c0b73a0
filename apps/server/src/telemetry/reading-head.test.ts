import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { seriesSample } from '../../../../tests/support/line.ts';
import { Columns } from './columns.ts';
import { ReadingHead } from './reading-head.ts';

const { ABOVE, CONFLICT, CORRECTION } = FLAG;

/** `received`: [stamp, value, flags] in order. The last column is what the head says of each. */
const CASES = [
  {
    name: 'in order',
    received: [
      [1, 70, 0],
      [2, 71, 0],
    ],
    says: ['new', 'new'],
    last: 71,
  },
  {
    name: 'sent again',
    received: [
      [1, 70, 0],
      [1, 70, 0],
    ],
    says: ['new', 'duplicate'],
    last: 70,
  },
  {
    name: 'late',
    received: [
      [2, 71, 0],
      [1, 70, 0],
    ],
    says: ['new', 'late'],
    last: 71,
  },
  {
    name: 'late, sent again',
    received: [
      [2, 71, 0],
      [1, 70, 0],
      [1, 70, 0],
    ],
    says: ['new', 'late', 'duplicate'],
    last: 71,
  },
  {
    name: 'another value for the same stamp',
    received: [
      [1, 70, 0],
      [1, 90, 0],
    ],
    says: ['new', 'conflict'],
    last: 90,
  },
  {
    name: 'each side of a conflict, sent again',
    received: [
      [1, 70, 0],
      [1, 90, 0],
      [1, 70, 0],
      [1, 90, 0],
    ],
    says: ['new', 'conflict', 'duplicate', 'duplicate'],
    last: 90,
  },
  {
    name: 'corrected',
    received: [
      [1, 70, 0],
      [1, 90, CORRECTION],
    ],
    says: ['new', 'correction'],
    last: 90,
  },
  {
    name: 'corrected, then the first message once more',
    received: [
      [1, 70, 0],
      [1, 90, CORRECTION],
      [1, 70, 0],
    ],
    says: ['new', 'correction', 'duplicate'],
    last: 90,
  },
  {
    name: 'corrected and corrected back',
    received: [
      [1, 70, 0],
      [1, 90, CORRECTION],
      [1, 70, CORRECTION],
    ],
    says: ['new', 'correction', 'correction'],
    last: 70,
  },
  {
    name: '600 and "> 600" are two statements',
    received: [
      [1, 600, 0],
      [1, 600, ABOVE],
    ],
    says: ['new', 'conflict'],
    last: 600,
  },
] as const;

for (const { name, received, says, last } of CASES) {
  for (const flushed of ['never', 'begun', 'ended']) {
    test(`${name}; flush ${flushed} after each reading`, () => {
      const head = new ReadingHead(seriesSample({ id: 1 }));
      const said = received.map(([stampMs, value, flags]) => {
        const insertion = head.insert({ stampMs, value, flags }, 5);
        if (flushed !== 'never') head.beginFlush();
        if (flushed === 'ended') head.endFlush();
        return insertion;
      });
      assert.deepEqual(said, says);
      assert.equal(head.last?.value, last);
      assert.equal(head.last?.timeMs, head.last?.stampMs === undefined ? 0 : head.last.stampMs + 5);
    });
  }
}

test('a contradiction is flagged, a correction is not', () => {
  const head = new ReadingHead(seriesSample({ id: 1 }));
  head.insert({ stampMs: 1, value: 70, flags: 0 }, 0);
  head.insert({ stampMs: 1, value: 90, flags: 0 }, 0);
  assert.equal(head.last?.flags, CONFLICT);
  head.insert({ stampMs: 1, value: 80, flags: CORRECTION }, 0);
  assert.equal(head.last?.flags, CORRECTION);
});

test('after a restart the stored readings are met again', () => {
  const head = new ReadingHead(seriesSample({ id: 1 }));
  head.recall(
    {
      stampsMs: Float64Array.of(1, 2),
      values: Float64Array.of(70, 71),
      flags: Uint8Array.of(0, 0),
    },
    5,
  );
  assert.deepEqual(head.last, { stampMs: 2, timeMs: 7, value: 71, flags: 0 });
  assert.equal(head.insert({ stampMs: 1, value: 70, flags: 0 }, 5), 'duplicate');
  assert.equal(head.insert({ stampMs: 2, value: 71, flags: 0 }, 5), 'duplicate');
  assert.deepEqual(head.unflushed(), []);
});

test('columns hold readings by stamp, those of one stamp in the order of receipt', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.nat(200), fc.nat(255)), {
        maxLength: 120,
      }),
      (rows) => {
        const columns = new Columns();
        for (const [stampMs, value, flags] of rows) columns.insert(stampMs, value, flags);
        const model = rows
          .map((row, i) => ({ row, i }))
          .sort((a, b) => a.row[0] - b.row[0] || a.i - b.i);
        const { stampsMs, values, flags } = columns.view();
        assert.deepEqual(
          [...stampsMs].map((stampMs, i) => [stampMs, values[i], flags[i]]),
          model.map(({ row }) => row),
        );
        for (const stampMs of [-1, 0, 25, 51]) {
          assert.equal(
            columns.indexOf(stampMs),
            model.findLastIndex(({ row }) => row[0] === stampMs),
          );
          assert.equal(
            columns.indexAfter(stampMs),
            model.filter(({ row }) => row[0] <= stampMs).length,
          );
        }
      },
    ),
  );
});

/** What a series is: for each stamp the statements about it, the latest last. */
function modelInsert(
  model: Map<number, { value: number; corrects: boolean }[]>,
  stampMs: number,
  value: number,
  corrects: boolean,
): string {
  const said = model.get(stampMs) ?? [];
  const isKnown = corrects ? said.at(-1)?.value === value : said.some((one) => one.value === value);
  if (isKnown) return 'duplicate';
  const newest = Math.max(Number.NEGATIVE_INFINITY, ...model.keys());
  model.set(stampMs, [...said, { value, corrects }]);
  if (said.length > 0) return corrects ? 'correction' : 'conflict';
  return stampMs > newest ? 'new' : 'late';
}

test('whatever comes in whatever order, with flushes between: the head agrees with a simple model', () => {
  const step = fc.record({
    stampMs: fc.nat(8),
    value: fc.nat(2),
    corrects: fc.boolean(),
    flush: fc.constantFrom('', '', 'begin', 'end'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const head = new ReadingHead(seriesSample({ id: 1 }));
      const model = new Map<number, { value: number; corrects: boolean }[]>();
      for (const { stampMs, value, corrects, flush } of steps) {
        const flags = corrects ? CORRECTION : 0;
        assert.equal(
          head.insert({ stampMs, value, flags }, 0),
          modelInsert(model, stampMs, value, corrects),
        );
        if (flush === 'begin') head.beginFlush();
        if (flush === 'end') head.endFlush();
        const newest = Math.max(...model.keys());
        assert.equal(head.last?.stampMs, newest);
        assert.equal(head.last?.value, model.get(newest)?.at(-1)?.value);
      }
    }),
  );
});

test('what is ranked has its own generation in the next flush, and meets what is sent again as before', () => {
  const head = new ReadingHead(seriesSample({ id: 1 }));
  const at = (second: number, value: number, flags = 0) =>
    head.insert({ stampMs: second * 1_000, value, flags }, 0);
  head.rank(3);
  assert.deepEqual(head.beginFlush(), []);
  at(1, 60);
  head.rank(7);
  at(2, 61);
  head.rank(9);
  at(3, 62);
  assert.equal(at(1, 60), 'duplicate');
  assert.deepEqual(
    head.unflushed().flatMap(({ values }) => [...values]),
    [60, 61, 62],
  );
  const flushed = head.beginFlush();
  assert.deepEqual(
    flushed.map(({ columns, generation }) => [generation, [...columns.view().values]]),
    [
      [7, [60]],
      [9, [61]],
      [undefined, [62]],
    ],
  );
  assert.equal(at(2, 61), 'duplicate');
  assert.equal(head.beginFlush(), flushed, 'a flush that failed takes the same again');
  head.endFlush();
  for (const [second, value] of [
    [1, 60],
    [2, 61],
    [3, 62],
  ] as const)
    assert.equal(at(second, value), 'duplicate');
  assert.deepEqual(head.unflushed(), []);
  assert.deepEqual(head.beginFlush(), []);
});
