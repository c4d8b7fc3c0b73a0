import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import type { PatientCategory } from '@ausculta/vitals/subject';
import fc from 'fast-check';
import { arrivalOf, NOON, seriesSample, subjectId } from '../../../../tests/support/line.ts';
import type { Arrival } from './consume.ts';
import { Evaluator } from './evaluate.ts';
import type { Finding } from './finding.ts';

const RATE = seriesSample({ id: 1 });
const OTHER_RATE = seriesSample({ id: 2, device: 'monitor-2' });
const SPO2 = seriesSample({ id: 3, metric: 'spo2' });
const ALL = [RATE, OTHER_RATE, SPO2];

const evaluator = (): Evaluator => new Evaluator(() => 'adult');

function findingsOf(target: Evaluator, arrivals: readonly Arrival[]): Finding[] {
  return arrivals.flatMap((arrival) => target.evaluate(arrival));
}

const kindsOf = (findings: readonly Finding[]): string[] => findings.map(({ kind }) => kind);

/** Through JSON, as it lies in the database. */
function restarted(before: Evaluator): Evaluator {
  const after = evaluator();
  for (const { snapshot } of before.snapshot()) {
    const stored = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
    after.remember(stored, (id) => ALL.find((series) => series.id === id));
  }
  return after;
}

/** Two devices and two vitals, in and out of their limits, some late, with silences between. */
const someArrivals = fc
  .array(
    fc.record({
      series: fc.constantFrom(...ALL),
      value: fc.constantFrom(30, 60, 75, 85, 95, 128, 131, 160),
      afterMs: fc.constantFrom(200, 1000, 1000, 3000, 20_000),
      lateMs: fc.constantFrom(0, 0, 0, 1500, 8000),
      flags: fc.constantFrom(0, 0, 0, FLAG.IMPLAUSIBLE),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    let nowMs = NOON;
    return steps.map(({ series, value, afterMs, lateMs, flags }) => {
      nowMs += afterMs;
      return arrivalOf(series, { stampMs: nowMs - lateMs, value, flags, receivedMs: nowMs });
    });
  });

test('a rate beyond its limit is raised after its delay, with the opening stamp as its name, and ends', () => {
  const values = [130, 131, 140, 150, 128];
  const arrivals = values.map((value, i) => arrivalOf(RATE, { stampMs: NOON + i * 1000, value }));
  const findings = findingsOf(evaluator(), arrivals);
  assert.deepEqual(kindsOf(findings), ['raised', 'ended']);
  const [raised, ended] = findings;
  assert.equal(raised?.alarmId, `limit/heart-rate/high@${NOON + 1000}`);
  assert.equal(ended?.alarmId, raised?.alarmId);
  assert.ok(raised?.kind === 'raised');
  assert.deepEqual([raised.openingValue, raised.value, raised.atMs], [131, 150, NOON + 3000]);
});

test('no limit watches a patient whose category nobody knows', () => {
  const unknown = new Evaluator(() => 'unknown');
  assert.deepEqual(
    findingsOf(
      unknown,
      [0, 3000].map((ms) => arrivalOf(RATE, { stampMs: NOON + ms, value: 200 })),
    ),
    [],
  );
});

test('the same arrivals give the same findings', () => {
  fc.assert(
    fc.property(someArrivals, (arrivals) => {
      assert.deepEqual(findingsOf(evaluator(), arrivals), findingsOf(evaluator(), arrivals));
    }),
  );
});

test('a snapshot and the rest of the log say what the whole log says', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(40), (arrivals, at) => {
      const whole = evaluator();
      findingsOf(whole, arrivals.slice(0, at));
      const resumed = restarted(whole);
      const rest = arrivals.slice(at);
      assert.deepEqual(findingsOf(resumed, rest), findingsOf(whole, rest));
    }),
  );
});

test('a delay that runs when the server stops runs out after its restart, though its device is silent', () => {
  const before = evaluator();
  before.evaluate(arrivalOf(RATE, { stampMs: NOON, value: 150 }));
  const after = restarted(before);
  assert.deepEqual(after.silences(NOON + 4999), []);
  assert.deepEqual(kindsOf(after.silences(NOON + 5000)), ['raised']);
  assert.deepEqual(after.silences(NOON + 60_000), [], 'and is told once');
});

test("after a restart, one device's good value does not end what the other holds open", () => {
  const before = evaluator();
  findingsOf(
    before,
    [0, 2000].map((ms) => arrivalOf(RATE, { stampMs: NOON + ms, value: 150 })),
  );
  const after = restarted(before);
  assert.deepEqual(after.evaluate(arrivalOf(OTHER_RATE, { stampMs: NOON + 3000, value: 70 })), []);
  assert.deepEqual(
    kindsOf([...after.evaluate(arrivalOf(RATE, { stampMs: NOON + 4000, value: 70 }))]),
    ['ended'],
  );
});

test('a silence that was due is told before whatever was received after it', () => {
  const target = evaluator();
  target.evaluate(arrivalOf(RATE, { stampMs: NOON, value: 150 }));
  const findings = target.evaluate(arrivalOf(SPO2, { stampMs: NOON + 6000, value: 97 }));
  assert.deepEqual(
    findings.map(({ kind, atMs }) => [kind, atMs]),
    [['raised', NOON + 5000]],
  );
});

test('a fork goes on alone and leaves the original as it was', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(40), (arrivals, at) => {
      const original = evaluator();
      const twin = evaluator();
      for (const target of [original, twin]) findingsOf(target, arrivals.slice(0, at));
      const fork = original.fork();
      const rest = arrivals.slice(at);
      const forked = findingsOf(fork, rest);
      const expected = findingsOf(twin, rest);
      assert.deepEqual(forked, expected, 'the fork says what the original would');
      assert.deepEqual(findingsOf(original, rest), expected, 'the original has not heard of it');
    }),
  );
});

test('a snapshot holds who has changed since the last one', () => {
  const target = evaluator();
  target.evaluate(arrivalOf(RATE, { stampMs: NOON, value: 70 }));
  const [state, ...others] = target.snapshot();
  assert.equal(state?.subjectId, subjectId(1));
  assert.deepEqual(others, []);
  assert.deepEqual([...target.snapshot()], []);
});

test('a snapshot is of the moment at which it was taken, however late it is read', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(39), (arrivals, cut) => {
      const [atOnce, later] = [evaluator(), evaluator()];
      for (const target of [atOnce, later]) findingsOf(target, arrivals.slice(0, cut));
      const expected = structuredClone([...atOnce.snapshot()]);
      const taken = later.snapshot();
      findingsOf(later, arrivals.slice(cut));
      later.silences(NOON + 1e9);
      const next = later.snapshot();
      assert.deepEqual([...taken], expected);
      assert.deepEqual([...taken], expected, 'a flush that failed reads it again');
      findingsOf(atOnce, arrivals.slice(cut));
      atOnce.silences(NOON + 1e9);
      assert.deepEqual([...next], [...atOnce.snapshot()]);
    }),
  );
});

test('a value that no sensor can truthfully give is told beside being judged, whoever is measured', () => {
  const given = [
    { value: 70, flags: 0 },
    { value: 999, flags: FLAG.IMPLAUSIBLE },
    { value: 71, flags: 0 },
  ];
  const arrivals = given.map((each, i) => arrivalOf(RATE, { stampMs: NOON + i * 1000, ...each }));
  const findings = findingsOf(new Evaluator(() => 'unknown'), arrivals);
  assert.deepEqual(kindsOf(findings), ['raised', 'ended']);
  const [raised] = findings;
  assert.ok(raised?.kind === 'raised');
  assert.equal(raised.alarmId, `technical/heart-rate/out-of-range@${NOON + 1000}`);
  assert.deepEqual([raised.priority, raised.value, raised.rule.direction], ['medium', 999, 'high']);
});

test('one impossible value seen by two devices is one episode, and ends when neither sees it', () => {
  const out = { value: 999, flags: FLAG.IMPLAUSIBLE };
  const arrivals = [
    arrivalOf(RATE, { stampMs: NOON, ...out }),
    arrivalOf(OTHER_RATE, { stampMs: NOON + 100, ...out }),
    arrivalOf(RATE, { stampMs: NOON + 1000, value: 70 }),
    arrivalOf(OTHER_RATE, { stampMs: NOON + 1100, value: 70 }),
  ];
  const findings = findingsOf(new Evaluator(() => 'unknown'), arrivals);
  assert.deepEqual(
    findings.map(({ kind, atMs }) => [kind, atMs - NOON]),
    [
      ['raised', 0],
      ['ended', 1100],
    ],
  );
});

test('an impossible rate raises its limit as well: implausible is flagged, not parked', () => {
  const target = evaluator();
  const arrivals = [0, 1000, 2000].map((ms) =>
    arrivalOf(RATE, { stampMs: NOON + ms, value: 999, flags: FLAG.IMPLAUSIBLE }),
  );
  const raised = findingsOf(target, arrivals).map(({ kind, alarmId }) => `${kind} ${alarmId}`);
  assert.deepEqual(raised, [
    `raised technical/heart-rate/out-of-range@${NOON}`,
    `raised limit/heart-rate/high@${NOON}`,
  ]);
});

test('a series that sends steadily is known for one after a restart, though it is silent', () => {
  const before = evaluator();
  for (let second = 0; second < 5; second += 1) {
    before.evaluate(arrivalOf(RATE, { stampMs: NOON + second * 1000, value: 70 }));
  }
  const flowIn = (target: Evaluator) => {
    const [watch] = [...target.subjects()].flatMap(({ series }) => series);
    return [watch?.flow, watch?.lastAtMs];
  };
  const expected = [{ run: 3, paceMs: 0, silentAfterMs: 12_000 }, NOON + 4000];
  assert.deepEqual(flowIn(before), expected);
  assert.deepEqual(flowIn(before.fork()), expected);
  assert.deepEqual(flowIn(restarted(before)), expected);
});

test('a snapshot of before there were flows is read, and its series prove themselves anew', () => {
  const before = evaluator();
  before.evaluate(arrivalOf(RATE, { stampMs: NOON, value: 150 }));
  const [saved] = before.snapshot();
  const { flows: _, ...old } = saved?.snapshot ?? { states: {}, episodes: {} };
  const after = evaluator();
  after.remember(old, () => RATE);
  assert.deepEqual(kindsOf(after.silences(NOON + 5000)), ['raised']);
});

/** The same with a clock that changes before the arrival `at`: from there on each series is another. */
function acrossEpochs(arrivals: readonly Arrival[], at: number): Arrival[] {
  return arrivals.map((arrival, index) =>
    index < at ? arrival : { ...arrival, series: NEXT_EPOCH.get(arrival.series) ?? arrival.series },
  );
}

const NEXT_EPOCH = new Map(ALL.map((one) => [one, { ...one, id: one.id + 100, epoch: 2 }]));

/** What is told, but for the series that tells it. */
const toldIn = (findings: readonly Finding[]) => findings.map(({ series: _, ...told }) => told);

test('a clock that changes midway changes no finding, not in a copy and not over a restart', () => {
  const seriesById = (id: number) =>
    [...ALL, ...NEXT_EPOCH.values()].find((series) => series.id === id);
  fc.assert(
    fc.property(someArrivals, fc.nat(40), fc.nat(40), (arrivals, at, cut) => {
      const [steady, changing] = [evaluator(), evaluator()];
      const changed = acrossEpochs(arrivals, at);
      const before = findingsOf(steady, arrivals.slice(0, cut));
      assert.deepEqual(toldIn(findingsOf(changing, changed.slice(0, cut))), toldIn(before));
      const fork = changing.fork();
      const resumed = evaluator();
      for (const { snapshot } of changing.snapshot()) {
        resumed.remember(JSON.parse(JSON.stringify(snapshot)), seriesById);
      }
      const expected = toldIn(findingsOf(steady, arrivals.slice(cut)));
      for (const target of [changing, fork, resumed]) {
        assert.deepEqual(toldIn(findingsOf(target, changed.slice(cut))), expected);
      }
    }),
  );
});

test('another subject that wears the device is watched apart', () => {
  const target = evaluator();
  const next = seriesSample({ id: 101, subject: 2 });
  target.evaluate(arrivalOf(RATE, { stampMs: NOON, value: 150 }));
  assert.deepEqual(target.evaluate(arrivalOf(next, { stampMs: NOON + 2000, value: 150 })), []);
  assert.equal([...target.subjects()].length, 2);
});

test("a device's battery is watched for a patient of whatever category", () => {
  const battery = seriesSample({ id: 7, metric: 'battery' });
  const unknown = new Evaluator(() => 'unknown');
  const findings = findingsOf(
    unknown,
    [6, 5].map((value, i) => arrivalOf(battery, { stampMs: NOON + i * 60_000, value })),
  );
  assert.deepEqual(
    findings.map(({ kind, alarmId }) => `${kind} ${alarmId}`),
    [`raised technical/battery/low@${NOON + 60_000}`],
  );
});

test('whose category is told later is watched by its limits from then on, and goes on by them', () => {
  let category: PatientCategory = 'unknown';
  const watched = new Evaluator(() => category);
  const send = (second: number, value: number) =>
    kindsOf(watched.evaluate(arrivalOf(RATE, { stampMs: NOON + second * 1000, value })));
  const spo2 = (second: number, value: number) =>
    kindsOf(watched.evaluate(arrivalOf(SPO2, { stampMs: NOON + second * 1000, value })));
  const told = (now: PatientCategory) => {
    category = now;
    return [...watched.subjects()].length;
  };
  assert.deepEqual(
    [0, 1, 2].flatMap((second) => send(second, 150)),
    [],
  );
  assert.deepEqual(spo2(2, 97), []);
  assert.equal(told('adult'), 1);
  assert.deepEqual(
    [3, 4, 5, 6, 7, 8].flatMap((second) => send(second, 150)),
    ['raised'],
  );
  // Said again, nothing begins anew; nor after a restart.
  assert.equal(told('adult'), 1);
  assert.deepEqual(send(9, 150), []);
  const after = restarted(watched);
  assert.deepEqual(
    kindsOf(after.evaluate(arrivalOf(RATE, { stampMs: NOON + 10_000, value: 150 }))),
    [],
  );
  // Without limits nothing is found, and nothing is left of what was.
  told('unknown');
  assert.deepEqual([...send(11, 150), ...send(12, 75)], []);
  told('adult');
  assert.deepEqual(
    [13, 14, 15, 16, 17, 18].flatMap((second) => send(second, 150)),
    ['raised'],
  );
});
