import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Bed } from './bed.ts';
import { type Movement, move, type Notice, type Visit } from './movement.ts';

const bed = (name: string): Bed => ({ unit: 'ICU', room: '', bed: name, facility: '' });
const free = () => false;

let clockMs = 1_000;
/** Each a second after the one before, unless it says otherwise. */
function notice(what: Movement, more: Partial<Notice> = {}): Notice {
  clockMs += 1_000;
  const atMs = more.atMs ?? clockMs;
  return {
    what,
    atMs,
    recordedMs: clockMs,
    receivedMs: clockMs + 5,
    bed: undefined,
    priorBed: undefined,
    visitNumber: undefined,
    ...more,
  };
}

function after(...notices: Notice[]): Visit {
  let visit: Visit | undefined;
  for (const one of notices) {
    const moved = move(visit, one, free);
    assert.ok(moved.ok, moved.ok ? '' : moved.fault.detail);
    visit = moved.value;
  }
  assert.ok(visit !== undefined);
  return visit;
}

function refusal(visit: Visit | undefined, one: Notice, isTaken = free): string {
  const moved = move(visit, one, isTaken);
  assert.ok(!moved.ok, 'it is refused');
  return `${moved.fault.code} ${moved.fault.detail}`;
}

const A = { bed: bed('1') };
const B = { bed: bed('2') };
const where = (visit: Visit) => [visit.isIn, visit.place?.bed.bed];

describe('a patient', () => {
  test('is admitted, transferred and discharged', () => {
    const admitted = notice('admit', A);
    const moved = notice('transfer', { ...B, priorBed: bed('1') });
    const gone = notice('discharge');
    assert.deepEqual(where(after(admitted)), [true, '1']);
    const there = after(admitted, moved);
    assert.deepEqual(where(there), [true, '2']);
    assert.deepEqual(there.left, { bed: bed('1'), atMs: moved.atMs, saidMs: moved.receivedMs });
    const out = after(admitted, moved, gone);
    assert.deepEqual(where(out), [false, undefined]);
    assert.deepEqual(out.left, { bed: bed('2'), atMs: gone.atMs, saidMs: gone.receivedMs });
  });

  test('comes back to the bed that was left by mistake, as of when it came there first', () => {
    const admitted = notice('admit', A);
    for (const step of ['transfer', 'discharge'] as const) {
      const taken = notice(step, step === 'transfer' ? B : {});
      const back = notice(`cancel-${step}`);
      const visit = after(admitted, taken, back);
      assert.deepEqual(where(visit), [true, '1']);
      assert.deepEqual(
        [visit.place?.sinceMs, visit.place?.saidMs],
        [admitted.atMs, back.receivedMs],
      );
    }
  });

  test('that was admitted by mistake was never in the bed', () => {
    const admitted = notice('admit', A);
    const back = notice('cancel-admit');
    const visit = after(admitted, back);
    assert.deepEqual(where(visit), [false, undefined]);
    assert.deepEqual(visit.left, { bed: bed('1'), atMs: admitted.atMs, saidMs: back.receivedMs });
    assert.deepEqual(where(after(admitted, notice('cancel-admit'), notice('admit', B))), [
      true,
      '2',
    ]);
  });

  test('may be admitted without a bed, and be given one by the same admission again', () => {
    const visit = after(notice('admit'), notice('admit', A));
    assert.deepEqual(where(visit), [true, '1']);
    assert.deepEqual(where(after(notice('admit'), notice('admit', A), notice('cancel-admit'))), [
      false,
      undefined,
    ]);
  });

  test('that is told of in the same words again stays as it is', () => {
    const admitted = notice('admit', A);
    const visit = after(admitted);
    for (const same of [notice('admit', A), notice('admit'), notice('transfer', A)]) {
      const moved = move(visit, same, () => true);
      assert.ok(moved.ok);
      assert.deepEqual({ ...moved.value, newestMs: 0 }, { ...visit, newestMs: 0 });
    }
    const gone = notice('discharge');
    const out = after(admitted, gone);
    const again = move(out, notice('discharge', { atMs: gone.atMs }), free);
    assert.ok(again.ok);
    assert.match(refusal(out, notice('discharge')), /not admitted/);
  });
});

describe('what contradicts itself is refused', () => {
  const admitted = () => after(notice('admit', { ...A, visitNumber: 'V1' }));
  const CASES: [string, () => string, RegExp][] = [
    [
      'a transfer of who is not here',
      () => refusal(undefined, notice('transfer', B)),
      /REFUSED not admitted/,
    ],
    [
      'a discharge of who is not here',
      () => refusal(undefined, notice('discharge')),
      /not admitted/,
    ],
    ['a second admission elsewhere', () => refusal(admitted(), notice('admit', B)), /PV1-3/],
    [
      'another visit',
      () => refusal(admitted(), notice('admit', { ...A, visitNumber: 'V2' })),
      /PV1-19/,
    ],
    [
      'a transfer of another visit',
      () => refusal(admitted(), notice('transfer', { ...B, visitNumber: 'V2' })),
      /PV1-19/,
    ],
    [
      'a wrong prior bed',
      () => refusal(admitted(), notice('transfer', { ...B, priorBed: bed('9') })),
      /PV1-6/,
    ],
    ['a bed that is taken', () => refusal(admitted(), notice('transfer', B), () => true), /PV1-3/],
    ['a taken bed at admission', () => refusal(undefined, notice('admit', B), () => true), /PV1-3/],
    [
      'a transfer before the admission',
      () => refusal(admitted(), notice('transfer', { ...B, atMs: 1 })),
      /EVN-6/,
    ],
    [
      'taking back what was not',
      () => refusal(admitted(), notice('cancel-transfer')),
      /no transfer/,
    ],
    [
      'taking back an admission after a transfer',
      () => refusal(after(notice('admit', A), notice('transfer', B)), notice('cancel-admit')),
      /no admit/,
    ],
    [
      'taking back a discharge of before',
      () =>
        refusal(
          after(notice('admit', A), notice('discharge'), notice('admit', B)),
          notice('cancel-discharge'),
        ),
      /no discharge/,
    ],
  ];
  for (const [name, refused, why] of CASES) test(name, () => assert.match(refused(), why));

  test('what was recorded before the newest comes too late; at the same moment it does not', () => {
    const first = notice('admit', A);
    const visit = after(first);
    const late = notice('transfer', { ...B, recordedMs: first.recordedMs - 1 });
    assert.match(refusal(visit, late), /MOVEMENT_LATE EVN-2/);
    assert.ok(move(visit, { ...late, recordedMs: first.recordedMs }, free).ok);
  });
});

test('whatever is told, taking back what was just done brings back what was before', () => {
  const anyNotice = fc.record({
    what: fc.constantFrom<Movement>(
      'admit',
      'transfer',
      'discharge',
      'cancel-admit',
      'cancel-transfer',
      'cancel-discharge',
    ),
    bed: fc.option(fc.constantFrom(bed('1'), bed('2')), { nil: undefined }),
    visitNumber: fc.option(fc.constantFrom('V1', 'V2'), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(anyNotice, { maxLength: 20 }), (told) => {
      let visit: Visit | undefined;
      for (const one of told) {
        const moved = move(visit, notice(one.what, one), free);
        if (!moved.ok) continue;
        const before = visit;
        visit = moved.value;
        // Nobody lies in a bed who is not here.
        assert.ok(visit.isIn || visit.place === undefined);
        const what = visit.steps.at(-1)?.what;
        const isStep =
          what !== undefined &&
          what === one.what &&
          visit.steps.length > (before?.isIn ? before.steps.length : 0);
        if (!isStep) continue;
        const back = move(visit, notice(`cancel-${what}`), free);
        assert.ok(back.ok);
        assert.deepEqual(
          [back.value.isIn, back.value.place?.bed, back.value.place?.sinceMs],
          [before?.isIn ?? false, before?.place?.bed, before?.place?.sinceMs],
        );
      }
    }),
  );
});
