import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { each, type Given, HIGH, run, START } from '../../../tests/support/limit-run.ts';
import {
  explain,
  type LimitSettings,
  onSample,
  onSilence,
  QUIET,
  type Sample,
  silenceDueMs,
} from './limit.ts';

/** SpO2 ≤ 90 for 10 s, over when above 91. */
const LOW: LimitSettings = {
  direction: 'low',
  limit: 90,
  delayMs: 10_000,
  clearance: 1,
  step: 1,
  expectedIntervalMs: 1_000,
};
const UNDELAYED: LimitSettings = { ...HIGH, delayMs: 0 };

const CASES: readonly {
  name: string;
  settings: LimitSettings;
  given: readonly Given[];
  told: readonly string[];
}[] = [
  {
    name: 'a value at the limit breaches it, one step inside does not',
    settings: UNDELAYED,
    given: [
      [0, 129],
      [1, 130],
    ],
    told: ['raised 1→1'],
  },
  {
    name: 'a low limit is breached at the limit, and below',
    settings: { ...LOW, delayMs: 0 },
    given: [
      [0, 91],
      [1, 90],
    ],
    told: ['raised 1→1'],
  },
  {
    name: 'values are judged as they are shown: 129.4 is 129, 129.5 is 130',
    settings: UNDELAYED,
    given: [
      [0, 129.4],
      [1, 129.5],
    ],
    told: ['raised 1→1'],
  },
  {
    name: 'tenths are judged as tenths',
    settings: { ...UNDELAYED, limit: 39.1, clearance: 0.2, step: 0.1 },
    given: [
      [0, 39],
      [1, 39.1],
      [2, 38.9],
      [3, 38.8],
    ],
    told: ['raised 1→1', 'ended 1→3'],
  },
  {
    name: 'a breach shorter than the delay tells nothing',
    settings: HIGH,
    given: [...each(0, 4, 140), [5, 100]],
    told: [],
  },
  {
    name: 'a breach as long as the delay is told, with its opening reading',
    settings: HIGH,
    given: each(0, 5, 140),
    told: ['raised 0→5'],
  },
  {
    name: 'a dip within the limit starts the delay again, even inside the clearance',
    settings: HIGH,
    given: [...each(0, 3, 140), [4, 129], ...each(5, 9, 140)],
    told: [],
  },
  {
    name: 'the condition lasts until the value is inside by more than the clearance',
    settings: UNDELAYED,
    given: [
      [0, 130],
      [1, 129],
      [2, 128],
      [3, 127],
    ],
    told: ['raised 0→0', 'ended 0→3'],
  },
  {
    name: 'an ended condition may be raised again, as another',
    settings: UNDELAYED,
    given: [
      [0, 130],
      [1, 120],
      [2, 130],
    ],
    told: ['raised 0→0', 'ended 0→1', 'raised 2→2'],
  },
  {
    name: 'a gap does not stop the delay',
    settings: HIGH,
    given: [
      [0, 140],
      [600, 140],
    ],
    told: ['raised 0→600'],
  },
  {
    name: 'a gap does not end a condition',
    settings: UNDELAYED,
    given: [
      [0, 140],
      [600, 140],
      [601, 100],
    ],
    told: ['raised 0→0', 'ended 0→601'],
  },
  {
    name: 'HI breaches a high limit though its bound lies inside',
    settings: UNDELAYED,
    given: [[0, 100, FLAG.ABOVE]],
    told: ['raised 0→0'],
  },
  {
    name: 'LO breaches a low limit though its bound lies inside',
    settings: { ...LOW, delayMs: 0 },
    given: [[0, 95, FLAG.BELOW]],
    told: ['raised 0→0'],
  },
  {
    name: 'LO well inside a high limit ends it',
    settings: UNDELAYED,
    given: [
      [0, 140],
      [1, 50, FLAG.BELOW],
    ],
    told: ['raised 0→0', 'ended 0→1'],
  },
  {
    name: 'LO whose bound is beyond a high limit proves nothing either way',
    settings: UNDELAYED,
    given: [
      [0, 140, FLAG.BELOW],
      [1, 140],
      [2, 140, FLAG.BELOW],
      [3, 129, FLAG.BELOW],
    ],
    told: ['raised 1→1'],
  },
  {
    name: 'a value that proves nothing does not stop a delay',
    settings: HIGH,
    given: [
      [0, 140],
      [3, 140, FLAG.BELOW],
      [5, 140],
    ],
    told: ['raised 0→5'],
  },
  {
    name: 'implausible, questionable and simulated values are judged like any other',
    settings: UNDELAYED,
    given: [
      [0, 400, FLAG.IMPLAUSIBLE],
      [1, 100],
      [2, 140, FLAG.QUESTIONABLE | FLAG.SIMULATED],
    ],
    told: ['raised 0→0', 'ended 0→1', 'raised 2→2'],
  },
  {
    name: 'the same reading twice changes nothing',
    settings: HIGH,
    given: [
      [0, 140],
      [0, 140],
      [5, 140],
      [5, 140],
    ],
    told: ['raised 0→5'],
  },
  {
    name: 'of two values of one stamp the later received is read',
    settings: UNDELAYED,
    given: [
      [0, 140],
      [0, 100],
    ],
    told: ['raised 0→0', 'ended 0→0'],
  },
  {
    name: 'a late value within the limit stops no delay and ends no condition',
    settings: HIGH,
    given: [
      [0, 140],
      [4, 140],
      [2, 100],
      [5, 140],
      [3, 100],
    ],
    told: ['raised 0→5'],
  },
  {
    name: 'readings that swapped places on the way are counted from the first',
    settings: HIGH,
    given: [
      [1, 140],
      [0, 140],
      [5, 140],
    ],
    told: ['raised 0→5'],
  },
  {
    name: 'a late breach may complete the delay',
    settings: HIGH,
    given: [
      [6, 140],
      [1, 140],
    ],
    told: ['raised 1→6'],
  },
  {
    name: 'a late breach before a value within the limit moves nothing',
    settings: HIGH,
    given: [
      [5, 100],
      [6, 140],
      [1, 140],
      [10, 140],
    ],
    told: [],
  },
  {
    name: 'an undelayed limit breached in the past and over since is told as passed',
    settings: UNDELAYED,
    given: [
      [10, 100],
      [3, 140],
    ],
    told: ['passed 3→3'],
  },
  {
    name: 'a delayed limit is not told of single breaches in the past',
    settings: HIGH,
    given: [
      [10, 100],
      [3, 140],
    ],
    told: [],
  },
];

for (const { name, settings, given, told } of CASES) {
  test(name, () => {
    assert.deepEqual(run(settings, given).told, told);
  });
}

test('silence after a breach raises once the delay and three expected readings have passed', () => {
  const { state } = run(HIGH, [[0, 140]]);
  const dueMs = START + 8_000;
  assert.equal(silenceDueMs(state, HIGH), dueMs);
  assert.equal(onSilence(state, dueMs - 1, HIGH).state, state);
  const { state: raised, transition } = onSilence(state, dueMs, HIGH);
  assert.deepEqual(transition, { kind: 'raised', sinceMs: START, atMs: dueMs });
  assert.equal(onSilence(raised, dueMs + 1, HIGH).state, raised);
  assert.equal(silenceDueMs(raised, HIGH), undefined);
});

test('silence without a breach raises nothing here: that is the watch for missing data', () => {
  const { state } = run(HIGH, [[0, 100]]);
  assert.equal(silenceDueMs(state, HIGH), undefined);
  assert.equal(onSilence(state, START + 1e9, HIGH).state, state);
});

test('a stamp from the future cannot make the readings after it look late', () => {
  const sample = (atMs: number, receivedAtMs: number, value: number): Sample => ({
    atMs,
    receivedAtMs,
    value,
    flags: 0,
  });
  const ahead = onSample(QUIET, sample(START + 1e10, START, 100), UNDELAYED);
  const next = onSample(ahead.state, sample(START + 1_000, START + 1_000, 140), UNDELAYED);
  assert.equal(next.transition?.kind, 'raised');
});

test('the explanation says what is true now, and why nothing fired', () => {
  const facts = { direction: 'high', limit: 130, delayMs: 5_000, clearance: 2 };
  const why = (given: readonly Given[]) => {
    const { last, sinceMs, ...rest } = explain(run(HIGH, given).state, HIGH);
    const sinceS = sinceMs === undefined ? undefined : (sinceMs - START) / 1000;
    return { ...rest, sinceS, value: last?.value };
  };
  const quiet = { ...facts, sinceS: undefined };
  assert.deepEqual(why([]), { ...quiet, why: 'no-reading', value: undefined });
  assert.deepEqual(why([[0, 100]]), { ...quiet, why: 'within-limit', value: 100 });
  const running = why([
    [0, 140],
    [2, 141],
  ]);
  const expected = { ...facts, sinceS: 0, remainingMs: 3_000, value: 141 };
  assert.deepEqual(running, { ...expected, why: 'delay-running' });
  assert.equal(
    why([
      [0, 140],
      [5, 140],
    ]).why,
    'raised',
  );
  assert.equal(
    why([
      [0, 140],
      [5, 140],
      [6, 129],
    ]).why,
    'not-yet-clear',
  );
  assert.equal(
    why([
      [0, 140],
      [5, 140],
      [6, 129],
      [7, 131],
    ]).why,
    'raised',
  );
});
