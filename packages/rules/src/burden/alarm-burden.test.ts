import assert from 'node:assert/strict';
import { test } from 'node:test';
import { burdenOf } from './alarm-burden.ts';
import { floodsOf } from './floods.ts';
import { isActedOn, type RecordedAlarm, ruleFamily } from './recorded-alarm.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const alarm = (more: Partial<RecordedAlarm> = {}): RecordedAlarm => ({
  subject: 'one',
  rule: 'limit/spo2/low',
  priority: 'high',
  raisedMs: 0,
  endedMs: 30 * SECOND,
  acknowledgedMs: undefined,
  ...more,
});

const DAY_OF_TWO = { fromMs: 0, untilMs: DAY, patientDays: 2 };

const times = (count: number, everyMs: number, fromMs = 0): number[] =>
  Array.from({ length: count }, (_, at) => fromMs + at * everyMs);

test('ten alarms within ten minutes are a flood, nine are none', () => {
  assert.deepEqual(floodsOf(times(9, MINUTE), DAY), { floods: [], worst: 9 });
  const { floods, worst } = floodsOf(times(10, MINUTE), DAY);
  // Fewer than five lie within the window when the fifth last is ten minutes old.
  assert.deepEqual(floods, [{ fromMs: 0, untilMs: 15 * MINUTE, alarms: 10 }]);
  assert.equal(worst, 10);
});

test('the tenth alarm ten minutes after the first is no flood, a moment sooner it is', () => {
  const nine = times(9, MINUTE);
  assert.equal(floodsOf([...nine, 10 * MINUTE], DAY).floods.length, 0);
  assert.equal(floodsOf([...nine, 10 * MINUTE - 1], DAY).floods.length, 1);
});

test('a flood goes on while five come in ten minutes, and another one begins after it has ended', () => {
  const begun = times(10, MINUTE);
  const goingOn = floodsOf([...begun, ...times(10, 2 * MINUTE, 11 * MINUTE)], DAY);
  assert.equal(goingOn.floods.length, 1);
  assert.equal(goingOn.floods[0]?.alarms, 20);
  const again = floodsOf([...begun, ...times(10, MINUTE, 60 * MINUTE)], DAY);
  assert.deepEqual(
    again.floods.map(({ fromMs, alarms }) => [fromMs, alarms]),
    [
      [0, 10],
      [60 * MINUTE, 10],
    ],
  );
});

test('a flood at the end lasts no longer than is known, and no order of alarms is asked for', () => {
  const { floods } = floodsOf(times(10, MINUTE).reverse(), 10 * MINUTE);
  assert.deepEqual(floods, [{ fromMs: 0, untilMs: 10 * MINUTE, alarms: 10 }]);
});

test('alarms are counted by patient and day', () => {
  const found = burdenOf([alarm(), alarm({ subject: 'two', priority: 'low' })], DAY_OF_TWO);
  assert.deepEqual([found.alarms, found.perPatientDay], [2, 1]);
  assert.deepEqual(found.byPriority, { high: 1, medium: 0, low: 1 });
  const nobody = burdenOf([], { ...DAY_OF_TWO, patientDays: 0 });
  assert.deepEqual([nobody.perPatientDay, nobody.answers.actedOnPercent], [null, null]);
});

const ANSWERS = [
  { name: 'while it lasted', acknowledgedMs: 20 * SECOND, isActed: true },
  { name: 'as it ended', acknowledgedMs: 30 * SECOND, isActed: true },
  { name: 'when it was over', acknowledgedMs: 30 * SECOND + 1, isActed: false },
  { name: 'never', acknowledgedMs: undefined, isActed: false },
] as const;

for (const { name, acknowledgedMs, isActed } of ANSWERS)
  test(`an alarm that was acknowledged ${name} was ${isActed ? '' : 'not '}acted on`, () => {
    assert.equal(isActedOn(alarm({ acknowledgedMs })), isActed);
    const going = alarm({ acknowledgedMs, endedMs: undefined });
    assert.equal(isActedOn(going), acknowledgedMs !== undefined);
  });

test('the time to an answer is of those that were answered', () => {
  const answered = [5, 10, 20, 40].map((seconds) =>
    alarm({ acknowledgedMs: seconds * SECOND, endedMs: 15 * SECOND }),
  );
  const { answers } = burdenOf([...answered, alarm()], DAY_OF_TWO);
  assert.deepEqual(answers, {
    acknowledged: 4,
    actedOn: 2,
    actedOnPercent: 40,
    medianMs: 10 * SECOND,
    p90Ms: 40 * SECOND,
  });
});

test('rules stand by their load, the greatest first, with how many patients they call about', () => {
  const { rules } = burdenOf(
    [
      alarm(),
      alarm({ subject: 'two', endedMs: 10 * SECOND }),
      alarm({ rule: 'technical/no-data/monitor-7', endedMs: undefined }),
      alarm({ rule: 'technical/no-data/monitor-8' }),
      alarm({ rule: 'technical/no-data/monitor-9' }),
    ],
    DAY_OF_TWO,
  );
  assert.deepEqual(
    rules.map(({ rule, alarms, loadPercent, patients, medianLengthMs }) => [
      ...[rule, alarms, loadPercent, patients, medianLengthMs],
    ]),
    [
      ['technical/no-data', 3, 60, 1, 30 * SECOND],
      ['limit/spo2/low', 2, 40, 2, 10 * SECOND],
    ],
  );
});

test('a device’s name is in no rule', () => {
  const names = [
    'call/fall/watch-3',
    'technical/leads-off/m-1',
    'technical/spo2/no-data',
    'score/news2',
  ];
  assert.deepEqual(names.map(ruleFamily), [
    'call/fall',
    'technical/leads-off',
    'technical/spo2/no-data',
    'score/news2',
  ]);
});

const CHATTER = [
  { name: 'three within a minute chatter', seconds: [0, 30, 60], count: 3 },
  { name: 'three within a minute and a moment do not', seconds: [0, 30, 60.001], count: 0 },
  { name: 'four that follow each other count once each', seconds: [0, 20, 40, 75], count: 4 },
  { name: 'two are none', seconds: [0, 1], count: 0 },
] as const;

for (const { name, seconds, count } of CHATTER)
  test(name, () => {
    const own = seconds.map((second) => alarm({ raisedMs: second * SECOND }));
    assert.equal(burdenOf(own, DAY_OF_TWO).chattering, count);
    const others = own.map((one, at) => ({ ...one, subject: `patient ${at}` }));
    assert.equal(burdenOf(others, DAY_OF_TWO).chattering, 0);
  });

test('what lasts for more than a day is stale, also while it goes on', () => {
  const span = { fromMs: 0, untilMs: 3 * DAY, patientDays: 3 };
  const stale = (endedMs: number | undefined, raisedMs = 0): number =>
    burdenOf([alarm({ raisedMs, endedMs })], span).stale;
  assert.deepEqual([stale(DAY), stale(DAY + 1)], [0, 1]);
  assert.deepEqual([stale(undefined), stale(undefined, 2 * DAY)], [1, 0]);
});
