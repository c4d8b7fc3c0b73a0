import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectId } from '../../../../tests/support/line.ts';
import { type Change, gainsBetween, movesBetween, rewear, type Worn, wearerAt } from './wearing.ts';

const EVER = Number.POSITIVE_INFINITY;
const [ANA, BEN, EVA] = [subjectId(1), subjectId(2), subjectId(3)] as const;

const worn = (fromMs: number, untilMs: number, subject = ANA): Worn => ({
  fromMs,
  untilMs,
  subjectId: subject,
});

const HISTORY = [worn(100, 200), worn(200, EVER, BEN)];

const CASES: readonly { what: string; change: Change; after: Worn[]; moves: string[] }[] = [
  {
    what: 'a border that is moved back',
    change: { fromMs: 150, untilMs: EVER, subjectId: BEN },
    after: [worn(100, 150), worn(150, EVER, BEN)],
    moves: ['150-200 1>2'],
  },
  {
    what: 'a border that is moved on',
    change: { fromMs: 200, untilMs: 250, subjectId: ANA },
    after: [worn(100, 250), worn(250, EVER, BEN)],
    moves: ['200-250 2>1'],
  },
  {
    what: 'another subject for the whole of a span',
    change: { fromMs: 100, untilMs: 200, subjectId: EVA },
    after: [worn(100, 200, EVA), worn(200, EVER, BEN)],
    moves: ['100-200 1>3'],
  },
  {
    what: 'a span that is split in the middle',
    change: { fromMs: 300, untilMs: 400, subjectId: EVA },
    after: [worn(100, 200), worn(200, 300, BEN), worn(300, 400, EVA), worn(400, EVER, BEN)],
    moves: ['300-400 2>3'],
  },
  {
    what: 'a span that covers two wearers',
    change: { fromMs: 150, untilMs: 250, subjectId: EVA },
    after: [worn(100, 150), worn(150, 250, EVA), worn(250, EVER, BEN)],
    moves: ['150-200 1>3', '200-250 2>3'],
  },
  {
    what: 'a device that is taken off',
    change: { fromMs: 300, untilMs: EVER, subjectId: undefined },
    after: [worn(100, 200), worn(200, 300, BEN)],
    moves: ['300-Infinity 2>nobody'],
  },
  {
    what: 'a span that nobody wore before',
    change: { fromMs: 0, untilMs: 100, subjectId: ANA },
    after: [worn(0, 200), worn(200, EVER, BEN)],
    moves: [],
  },
  {
    what: 'what was so already',
    change: { fromMs: 120, untilMs: 180, subjectId: ANA },
    after: HISTORY,
    moves: [],
  },
];

const nameOf = (id: string | undefined): string =>
  id === undefined ? 'nobody' : String(Number(id.slice(-12)));

for (const { what, change, after, moves } of CASES) {
  test(`${what}: the history after it, and what moves`, () => {
    const changed = rewear(HISTORY, change);
    assert.deepEqual(changed, after);
    assert.deepEqual(
      movesBetween(HISTORY, changed).map(
        ({ fromMs, untilMs, from, to }) => `${fromMs}-${untilMs} ${nameOf(from)}>${nameOf(to)}`,
      ),
      moves,
    );
  });
}

test('what nobody wore and somebody does is gained, and nothing else', () => {
  const history = [worn(100, 200), worn(300, 400, BEN)];
  const gained = (change: Change) => gainsBetween(history, rewear(history, change));
  assert.deepEqual(gained({ fromMs: 150, untilMs: EVER, subjectId: EVA }), [
    worn(200, 300, EVA),
    worn(400, EVER, EVA),
  ]);
  assert.deepEqual(gained({ fromMs: 150, untilMs: 180, subjectId: EVA }), []);
  assert.deepEqual(gained({ fromMs: 0, untilMs: EVER, subjectId: undefined }), []);
});

test('the first millisecond of a span is inside, the millisecond of its end is not', () => {
  const history = [worn(100, 200)];
  assert.deepEqual(
    [99, 100, 199, 200].map((atMs) => wearerAt(history, atMs)),
    [undefined, ANA, ANA, undefined],
  );
});

const spans = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), fc.boolean())
  .map(([fromMs, length, isOpen]) => ({ fromMs, untilMs: isOpen ? EVER : fromMs + length }));

const changes = fc.array(
  fc
    .tuple(spans, fc.constantFrom(ANA, BEN, EVA, undefined))
    .map(([span, subject]): Change => ({ ...span, subjectId: subject })),
  { maxLength: 12 },
);

/** Each millisecond's wearer is who was said last to have worn it. */
function lastSaid(all: readonly Change[], atMs: number) {
  return all.findLast(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)?.subjectId;
}

test('whatever was said in whichever order, the last word on each millisecond holds', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const history = all.reduce<Worn[]>(rewear, []);
      for (let atMs = 0; atMs < 100; atMs += 1) {
        assert.equal(wearerAt(history, atMs), lastSaid(all, atMs));
      }
      for (const [i, one] of history.entries()) {
        const next = history[i + 1];
        if (next === undefined) continue;
        assert.ok(one.untilMs <= next.fromMs, 'in order, without overlap');
        assert.ok(one.untilMs < next.fromMs || one.subjectId !== next.subjectId, 'joined');
      }
    }),
  );
});

test('a reading that follows every move lies where it would have lain from the start', () => {
  fc.assert(
    fc.property(changes, fc.integer({ min: 0, max: 99 }), fc.nat(12), (all, atMs, step) => {
      // Measured while the history was as it was after so many of the changes.
      let history = all.slice(0, step).reduce<Worn[]>(rewear, []);
      let lies = wearerAt(history, atMs);
      if (lies === undefined) return;
      for (const change of all.slice(step)) {
        const next = rewear(history, change);
        const mine = movesBetween(history, next).filter(
          ({ fromMs, untilMs, from }) => from === lies && fromMs <= atMs && atMs < untilMs,
        );
        assert.ok(mine.length <= 1, 'nothing moves twice');
        if (mine[0] !== undefined) lies = mine[0].to;
        if (lies === undefined) return;
        history = next;
      }
      assert.equal(lies, wearerAt(history, atMs));
    }),
  );
});
