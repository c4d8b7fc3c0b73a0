import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CALM, type Call, judge, type Outcome, wordsOf } from './judge.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const WELL: Outcome = { isWell: true, tookMs: 80 };
const STUCK: Outcome = { isWell: false, stage: 'store' };

/** What is called, with the second of each. */
function calls(looks: readonly (readonly [second: number, outcome: Outcome])[]): string[] {
  let judgement = CALM;
  return looks.flatMap(([second, outcome]) => {
    const step = judge(judgement, outcome, second * SECOND);
    judgement = step.judgement;
    return step.call === undefined ? [] : `${second} ${step.call.kind}`;
  });
}

test('one look that fails calls nobody, the second does, and the first that succeeds ends it', () => {
  assert.deepEqual(
    calls([
      [0, STUCK],
      [10, WELL],
      [20, STUCK],
    ]),
    [],
  );
  assert.deepEqual(
    calls([
      [0, STUCK],
      [10, STUCK],
      [20, STUCK],
      [30, WELL],
      [40, WELL],
    ]),
    ['10 failing', '30 well-again'],
  );
});

test('while it fails it calls again every ten minutes', () => {
  const looks = Array.from({ length: 130 }, (_, at) => [at * 10, STUCK] as const);
  assert.deepEqual(calls(looks), ['10 failing', '610 failing', '1210 failing']);
});

test('a clock that is set back keeps nobody waiting', () => {
  assert.deepEqual(
    calls([
      [3600, STUCK],
      [3610, STUCK],
      [20, STUCK],
    ]),
    ['3610 failing', '20 failing'],
  );
});

test('whatever happens, two failures in a row are told within ten minutes, and only failures are', () => {
  const look = fc.record({ well: fc.boolean(), after: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 200 }), (looks) => {
      let [judgement, nowMs, failures, toldMs] = [CALM, 0, 0, Number.NEGATIVE_INFINITY];
      for (const { well, after } of looks) {
        nowMs += after * SECOND;
        failures = well ? 0 : failures + 1;
        const step = judge(judgement, well ? WELL : STUCK, nowMs);
        judgement = step.judgement;
        if (step.call?.kind === 'failing') {
          assert.ok(failures >= 2);
          toldMs = nowMs;
        } else if (failures >= 2) assert.ok(nowMs - toldMs < 10 * MINUTE);
        if (well) toldMs = Number.NEGATIVE_INFINITY;
      }
    }),
  );
});

test('the words name the place where it is stuck, and nobody', () => {
  const call: Call = { kind: 'failing', stage: 'alarm', sinceMs: Date.UTC(2026, 10, 23, 2) };
  const { subject, text } = wordsOf(call, 'https://ausculta.example');
  assert.equal(subject, 'Ausculta: alarms do not arrive');
  assert.match(text, /^Since 2026-11-23T02:00:00\.000Z readings are stored and no alarm arrives/);
});
