/** What is run again is told as if both plans had been run whole, over every reading. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { UTC } from '../detectors/zone.ts';
import { ADULT_WARD } from '../protocol/library.ts';
import { Monitor } from '../protocol/monitor.ts';
import type { Input, Told } from '../protocol/monitor-input.ts';
import { type Patient, type Plan, planAt } from '../protocol/plan.ts';
import type { Detector, Protocol, Rule } from '../protocol/protocol.ts';
import { differenceOf, leadInMs, metricsToRead } from './changed-rules.ts';
import { type HistoryPiece, Replay, type StretchOfSeries } from './replay.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20261123 });

const START = 1_772_352_000_000;
const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };

interface Reading {
  readonly device: string;
  readonly metric: string;
  readonly atMs: number;
  readonly value: number;
  readonly flags: number;
}

const rule = (key: string, detector: Detector): Rule => ({
  key,
  episodeKey: key,
  priority: 'medium',
  role: 'alarm',
  source: 'test',
  detector,
});

/** One of each kind that a ward has not. */
const BASE: Protocol = {
  ...ADULT_WARD,
  rules: [
    ...ADULT_WARD.rules,
    rule('rate/heart-rate', {
      ...{ kind: 'rate', vital: 'heart-rate', direction: 'high' },
      ...{ delta: 15, windowMs: 30_000, clearance: 5, coverMs: 5_000 },
    }),
    rule('signal', { kind: 'device', condition: 'poor-signal', afterMs: 4_000 }),
    rule('overdue/spo2', {
      ...{ kind: 'overdue', vital: 'spo2' },
      cadence: { kind: 'every', everyMs: 60_000, graceMs: 20_000 },
    }),
    rule('fall', { kind: 'event', event: 'fall', latching: true, lateAfterMs: 60_000 }),
    rule('both', {
      ...{ kind: 'composite', parts: ['limit/resp-rate/high', 'rate/heart-rate'] },
      ...{ atLeast: 2, windowMs: 20_000 },
    }),
  ],
};

const planOf = (rules: readonly Rule[]): Plan =>
  planAt({ protocol: { ...BASE, rules: [...rules] }, patient: PATIENT, overrides: [] }, START);

/** What a clinician turns: by how much a limit, a delay, a clearance; what it is called; or away with it. */
const turn = fc.record({
  key: fc.constantFrom(...BASE.rules.map(({ key }) => key)),
  what: fc.constantFrom('limit', 'limit', 'delay', 'clearance', 'priority', 'gone', 'ages'),
  by: fc.constantFrom(-5, -2, -1, 1, 2, 5),
});

type Turn = typeof turn extends fc.Arbitrary<infer One> ? One : never;

function turned(one: Rule, { what, by }: Turn): Rule[] {
  const { detector } = one;
  if (what === 'gone') return [];
  if (what === 'priority') return [{ ...one, priority: by > 0 ? 'low' : 'high' }];
  if (detector.kind === 'score' && what === 'ages')
    return [{ ...one, detector: { ...detector, ageMaxMs: { spo2: 20_000 } } }];
  if (detector.kind !== 'limit') return [one];
  const delayMs = Math.max(0, detector.delayMs + by * 2_000);
  if (what === 'delay') return [{ ...one, detector: { ...detector, delayMs } }];
  if (what === 'limit') return [{ ...one, detector: { ...detector, limit: detector.limit + by } }];
  return [{ ...one, detector: { ...detector, clearance: Math.max(0, detector.clearance + by) } }];
}

function afterTurns(turns: readonly Turn[]): readonly Rule[] {
  return BASE.rules.flatMap((one) =>
    turns.reduce<Rule[]>(
      (held, each) => held.flatMap((each2) => (each.key === one.key ? turned(each2, each) : each2)),
      [one],
    ),
  );
}

/** A series near its limits, now and then with a gap, a bound or a doubt. */
const seriesOf = (device: string, metric: string, values: readonly number[]) =>
  fc
    .array(
      fc.record({
        afterS: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 12, 70),
        value: fc.constantFrom(...values),
        times: fc.constantFrom(1, 1, 3, 12),
        flags: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, FLAG.BELOW, FLAG.ABOVE, FLAG.QUESTIONABLE),
      }),
      { maxLength: 25 },
    )
    .map((steps): Reading[] => {
      let atMs = START;
      return steps.flatMap(({ afterS, value, times, flags }) => {
        atMs += (afterS - 1) * 1000;
        return Array.from({ length: times }, () => {
          atMs += 1000;
          return { device, metric, atMs, value, flags };
        });
      });
    });

const given = fc.record({
  series: fc.tuple(
    seriesOf('a', 'heart-rate', [38, 40, 41, 43, 70, 70, 90, 110, 128, 130, 131, 133]),
    seriesOf('a', 'spo2', [80, 81, 88, 90, 91, 92, 93, 96, 96, 97, 97]),
    seriesOf('b', 'spo2', [79, 89, 90, 91, 92, 97, 97]),
    seriesOf('a', 'resp-rate', [8, 9, 16, 16, 20, 21, 24, 25, 27]),
    seriesOf('a', 'body-temperature-oral', [36.8, 39, 39.1]),
  ),
  events: fc.array(
    fc.record({ afterS: fc.nat(200), what: fc.constantFrom('fall', 'leads-off', 'leads-on') }),
    {
      maxLength: 4,
    },
  ),
  turns: fc.array(turn, { minLength: 1, maxLength: 3 }),
  stretch: fc.constantFrom(3, 10, 1_000),
  pieceS: fc.constantFrom(40, 100_000),
  hasRollUps: fc.boolean(),
  workMax: fc.constantFrom(1, 7, 1_000),
});

type Given = typeof given extends fc.Arbitrary<infer One> ? One : never;

const eventsOf = ({ events }: Given) =>
  events
    .map(({ afterS, what }) => ({ what, device: 'a', atMs: START + afterS * 1000 }) as const)
    .sort((one, other) => one.atMs - other.atMs);

/** The definition: every input, in order of time. */
function inFull(plan: Plan, item: Given, untilMs: number): readonly Told[] {
  const name = ({ device, metric }: Reading): string => `${device}/${metric}`;
  const readings = item.series
    .flat()
    .sort((one, other) => one.atMs - other.atMs || (name(one) < name(other) ? -1 : 1))
    .map((one): Input => ({ kind: 'reading', ...one, receivedAtMs: one.atMs }));
  const events = eventsOf(item).map(
    (one): Input => ({ kind: 'event', ...one, receivedAtMs: one.atMs }),
  );
  const inputs = [...readings, ...events].sort(
    (one, other) => one.receivedAtMs - other.receivedAtMs,
  );
  const monitor = new Monitor(plan, START);
  return [...inputs, { kind: 'clock', receivedAtMs: untilMs } as const].flatMap((input) =>
    monitor.take(input),
  );
}

function stretchesOf(readings: readonly Reading[], item: Given): StretchOfSeries[] {
  const [first] = readings;
  if (first === undefined) return [];
  const { device, metric } = first;
  const count = Math.ceil(readings.length / item.stretch);
  return Array.from({ length: count }, (_, at) => {
    const own = readings.slice(at * item.stretch, (at + 1) * item.stretch);
    const values = Float64Array.from(own, ({ value }) => value);
    const rollUp = {
      low: Math.min(...values),
      high: Math.max(...values),
      flags: own.reduce((all, { flags }) => all | flags, 0),
    };
    return {
      ...{ device, metric, count: own.length },
      ...(item.hasRollUps && { rollUp }),
      read: () => ({
        timesMs: Float64Array.from(own, ({ atMs }) => atMs),
        values,
        flags: Uint8Array.from(own, ({ flags }) => flags),
      }),
    };
  });
}

function piecesOf(item: Given, untilMs: number): HistoryPiece[] {
  const pieces: HistoryPiece[] = [];
  for (let fromMs = START; fromMs < untilMs; fromMs += item.pieceS * 1000) {
    const isWithin = ({ atMs }: { atMs: number }): boolean =>
      fromMs <= atMs && atMs < fromMs + item.pieceS * 1000;
    pieces.push({
      stretches: item.series.flatMap((one) => stretchesOf(one.filter(isWithin), item)),
      events: eventsOf(item).filter(isWithin),
    });
  }
  return pieces;
}

test('what is run again is what both plans say of every reading', () => {
  const before = planOf(BASE.rules);
  fc.assert(
    fc.property(given, (item) => {
      const lastMs = Math.max(START, ...item.series.flat().map(({ atMs }) => atMs));
      const untilMs = lastMs + 600_000;
      const after = planOf(afterTurns(item.turns));
      const difference = differenceOf(before, after);
      const replay = new Replay(difference, START);
      for (const piece of piecesOf(item, untilMs)) {
        replay.add(piece);
        while (!replay.run(item.workMax));
      }
      const found = replay.end(untilMs);
      const keys = [...difference.before.rules, ...difference.after.rules].map(
        (one) => one.rule.key,
      );
      const ofThese = (told: readonly Told[]) => told.filter((one) => keys.includes(one.rule));
      const of = { before: inFull(before, item, untilMs), after: inFull(after, item, untilMs) };
      assert.deepEqual(found.before, ofThese(of.before));
      assert.deepEqual(found.after, ofThese(of.after));
      // And the other way: what was not run again is the same under both.
      const others = (told: readonly Told[]) => told.filter((one) => !keys.includes(one.rule));
      assert.deepEqual(others(of.before), others(of.after));
    }),
    { numRuns: 400 },
  );
});

const steady = (count: number, valueAt: (second: number) => number): StretchOfSeries => {
  const values = Float64Array.from({ length: count }, (_, second) => valueAt(second));
  return {
    ...{ device: 'a', metric: 'spo2', count },
    read: () => ({
      timesMs: Float64Array.from(values, (_, second) => START + second * 1000),
      values,
      flags: new Uint8Array(count),
    }),
  };
};

const turnedTo = (key: string, change: Partial<Extract<Detector, { kind: 'limit' }>>): Plan =>
  planOf(
    BASE.rules.map((one) =>
      one.key === key && one.detector.kind === 'limit'
        ? { ...one, detector: { ...one.detector, ...change } }
        : one,
    ),
  );

test('of an hour with one minute beyond the limit little more than that minute is shown', () => {
  const difference = differenceOf(planOf(BASE.rules), turnedTo('limit/spo2/low', { limit: 88 }));
  const replay = new Replay(difference, START);
  replay.add({
    stretches: [steady(3_600, (second) => (second >= 600 && second < 660 ? 90 : 97))],
  });
  replay.run();
  const { before, after, readings, shown } = replay.end(START + 3_600_000);
  assert.deepEqual([readings, shown], [3_600, 61]);
  assert.deepEqual([before.map(({ kind }) => kind), after], [['raised', 'ended'], []]);
});

test('work is inputs times the rules that look at them, and a turn ends when there was enough', () => {
  const copies = Array.from({ length: 64 }, (_, at) =>
    rule(`copy/${at}`, {
      ...{ kind: 'limit', vital: 'spo2', direction: 'low', limit: 95 },
      ...{ delayMs: 0, clearance: 0 },
    }),
  );
  const difference = differenceOf(planOf([]), planOf(copies));
  const replay = new Replay(difference, START);
  replay.add({ stretches: [steady(1_000, (second) => (second % 2 === 0 ? 90 : 99))] });
  assert.equal(replay.run(512), false);
  assert.equal(replay.work, 8 * 64);
  assert.equal(replay.told, 8 * 64);
  while (!replay.run(512));
  assert.equal(replay.work, 1_000 * 64);
});

test('a stretch whose least and greatest value lie between the limits is not decoded', () => {
  const difference = differenceOf(planOf(BASE.rules), turnedTo('limit/spo2/low', { limit: 88 }));
  const decoded: number[] = [];
  const stretch = (low: number): StretchOfSeries => ({
    ...steady(60, () => low),
    rollUp: { low, high: low, flags: 0 },
    read: () => {
      decoded.push(low);
      return steady(60, () => low).read();
    },
  });
  for (const low of [92, 91]) {
    const replay = new Replay(difference, START);
    replay.add({ stretches: [stretch(low)] });
    replay.run();
  }
  assert.deepEqual(decoded, [91]);
});

test('only what differs is run again, with its condition and what it is part of', () => {
  const keysOf = (after: Plan): string[] =>
    differenceOf(planOf(BASE.rules), after).after.rules.map((one) => one.rule.key);
  assert.deepEqual(keysOf(planOf(BASE.rules)), []);
  assert.deepEqual(keysOf(turnedTo('limit/spo2/low', { limit: 90 })), [
    'limit/spo2/low',
    'limit/spo2/low/outer',
  ]);
  assert.deepEqual(keysOf(turnedTo('limit/resp-rate/high', { limit: 26 })), [
    'limit/resp-rate/high',
    'rate/heart-rate',
    'both',
  ]);
});

test('a source that is written otherwise changes nothing', () => {
  const other = planOf(BASE.rules.map((one) => ({ ...one, source: 'another page' })));
  assert.deepEqual(differenceOf(planOf(BASE.rules), other).changes, []);
});

test('what is essential is named as such, and what is not stored as not replayed', () => {
  const essential = differenceOf(
    planOf(BASE.rules),
    turnedTo('limit/spo2/low/outer', { limit: 79 }),
  );
  assert.deepEqual(essential.changes, [
    { rule: 'limit/spo2/low/outer', kind: 'changed', isEssential: true },
  ]);
  const without = BASE.rules.filter(
    ({ key }) => key !== 'rhythm/asystole' && key !== 'technical/disconnected',
  );
  const gone = differenceOf(planOf(BASE.rules), planOf(without));
  assert.deepEqual(
    gone.changes.map(({ rule: key, kind, isEssential }) => [key, kind, isEssential]),
    [
      ['rhythm/asystole', 'removed', true],
      ['technical/disconnected', 'removed', false],
    ],
  );
  assert.deepEqual(gone.notReplayed, ['rhythm/asystole', 'technical/disconnected']);
});

test('only the metrics that a changed rule looks at are read', () => {
  const difference = differenceOf(planOf(BASE.rules), turnedTo('limit/spo2/low', { limit: 88 }));
  const keys = metricsToRead(difference, CATALOGUE).map(({ vital }) => vital);
  assert.deepEqual([...new Set(keys)], ['spo2']);
});

test('a score needs a day before, a limit an hour, and what is the same nothing', () => {
  const without = (key: string): Plan => planOf(BASE.rules.filter((one) => one.key !== key));
  const leadOf = (after: Plan): number => leadInMs(differenceOf(planOf(BASE.rules), after));
  assert.equal(leadOf(without('score/news2')), 86_400_000);
  assert.equal(leadOf(without('limit/spo2/low')), 3_600_000);
  assert.equal(leadOf(without('overdue/spo2')), 80_000);
  assert.equal(leadOf(planOf(BASE.rules)), 0);
});
