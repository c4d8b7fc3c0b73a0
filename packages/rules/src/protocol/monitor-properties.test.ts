/** What holds for every protocol and every order of inputs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { UTC } from '../detectors/zone.ts';
import { ADULT_WARD, READY_PROTOCOLS } from './library.ts';
import { Monitor } from './monitor.ts';
import type { Input, Told } from './monitor-input.ts';
import { type Patient, planAt } from './plan.ts';
import type { Protocol, Rule } from './protocol.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20261122 });

const START = 1_772_352_000_000;
const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };

const rule = (key: string, detector: Rule['detector'], role: Rule['role'] = 'alarm'): Rule => ({
  key,
  episodeKey: key,
  priority: 'medium',
  role,
  source: 'test',
  detector,
});

/** One of each kind that no ready protocol has, beside what the ready ones have. */
const EXTRA: readonly Rule[] = [
  rule('rate/heart-rate', {
    kind: 'rate',
    vital: 'heart-rate',
    direction: 'high',
    delta: 20,
    windowMs: 30_000,
    clearance: 5,
    coverMs: 10_000,
  }),
  rule(
    'baseline/heart-rate',
    {
      kind: 'baseline',
      vital: 'heart-rate',
      direction: 'high',
      threshold: 3.5,
      clearance: 0.5,
      delayMs: 5_000,
      daysMin: 3,
      binsPerDay: 4,
      spreadMin: 2,
    },
    'shadow',
  ),
  rule('signal', { kind: 'device', condition: 'poor-signal', afterMs: 5_000 }),
  rule('both', {
    kind: 'composite',
    parts: ['rate/heart-rate', 'signal'],
    atLeast: 2,
    windowMs: 20_000,
  }),
];

const ALL: Protocol = {
  key: 'all',
  version: 1,
  categories: ['adult'],
  rules: [
    ...new Map(
      [...READY_PROTOCOLS.flatMap(({ rules }) => rules), ...EXTRA].map((one) => [one.key, one]),
    ).values(),
  ],
};
const PLAN = planAt({ protocol: ALL, patient: PATIENT, overrides: [] }, START);

const METRICS: readonly (readonly [string, number, number])[] = [
  ['heart-rate', 30, 180],
  ['pulse-rate-oximeter', 30, 180],
  ['spo2', 75, 100],
  ['resp-rate', 5, 35],
  ['nibp-systolic', 70, 230],
  ['body-temperature-oral', 34, 40],
  ['consciousness', 0, 4],
  ['oxygen-device', 0, 1],
  ['glucose-interstitial', 40, 300],
  ['weight', 78, 86],
];

const FLAGS = [0, 0, 0, 0, FLAG.ABOVE, FLAG.BELOW, FLAG.QUESTIONABLE, FLAG.IMPLAUSIBLE];

const reading = fc
  .tuple(fc.constantFrom(...METRICS), fc.nat({ max: 1000 }), fc.constantFrom(...FLAGS))
  .map(([[metric, low, high], share, flags]) => ({
    kind: 'reading' as const,
    metric,
    value: low + Math.round(((high - low) * share) / 1000),
    flags,
  }));

const happening = fc.constantFrom(
  { kind: 'event' as const, what: 'fall' as const },
  { kind: 'event' as const, what: 'leads-off' as const },
  { kind: 'event' as const, what: 'leads-on' as const },
  { kind: 'event' as const, what: 'ventricular-fibrillation' as const },
  { kind: 'connection' as const, isConnected: false },
  { kind: 'connection' as const, isConnected: true },
);

/** So many seconds after the one before, and measured so long before it was received. */
const given = fc.array(
  fc.tuple(
    fc.oneof({ weight: 9, arbitrary: reading }, { weight: 1, arbitrary: happening }),
    fc.constantFrom('a', 'b'),
    fc.constantFrom(0, 0, 0, 1, 2, 5, 40, 7_200, 90_000),
    fc.constantFrom(0, 0, 0, 0, 0, 3, 20, 4_000),
  ),
  { maxLength: 60 },
);

type Given = typeof given extends fc.Arbitrary<infer One> ? One : never;

function inputsOf(items: Given): Input[] {
  let nowMs = START;
  return items.map(([what, device, afterS, lateS]) => {
    nowMs += afterS * 1000;
    return { ...what, device, atMs: nowMs - lateS * 1000, receivedAtMs: nowMs };
  });
}

function toldBy(monitor: Monitor, inputs: readonly Input[]): Told[] {
  return inputs.flatMap((input) => monitor.take(input));
}

test('a monitor that is written to JSON and read again before every input tells the same', () => {
  fc.assert(
    fc.property(given, (items) => {
      const inputs = inputsOf(items);
      let monitor = new Monitor(PLAN, START);
      const told = inputs.flatMap((input) => {
        monitor = Monitor.restore(PLAN, JSON.parse(JSON.stringify(monitor.snapshot())));
        return monitor.take(input);
      });
      assert.deepEqual(told, toldBy(new Monitor(PLAN, START), inputs));
    }),
    { numRuns: 150 },
  );
});

/** What a bedside monitor sends each second, near the edges of limits and of scores. */
const dense = fc.array(
  fc.record({
    heartRate: fc.constantFrom(undefined, 89, 90, 91, 91, 91, 110, 111, 130, 131),
    pulse: fc.constantFrom(undefined, 89, 90, 91, 91, 131),
    spo2: fc.constantFrom(80, 91, 91, 92, 95, 96, 96, 96, 97),
    respRate: fc.constantFrom(undefined, 20, 20, 20, 21, 24, 25),
    flags: fc.constantFrom(0, 0, 0, 0, 0, 0, FLAG.QUESTIONABLE, FLAG.BELOW),
    afterS: fc.constantFrom(1, 1, 1, 1, 1, 1, 5, 6, 30),
    lateS: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 2, 12, 40),
  }),
  { maxLength: 80 },
);

const WARD = planAt({ protocol: ADULT_WARD, patient: PATIENT, overrides: [] }, START);

test('what passes calmly leaves everything as if each detector had been asked', () => {
  fc.assert(
    fc.property(dense, (seconds) => {
      let nowMs = START;
      const inputs = seconds.flatMap(
        ({ heartRate, pulse, spo2, respRate, flags, afterS, lateS }) => {
          nowMs += afterS * 1000;
          const atMs = nowMs - lateS * 1000;
          const at = { kind: 'reading', device: 'a', atMs, receivedAtMs: nowMs } as const;
          const values = {
            'heart-rate': heartRate,
            'pulse-rate-oximeter': pulse,
            spo2,
            'resp-rate': respRate,
          };
          return Object.entries(values).flatMap(([metric, value]): Input[] =>
            value === undefined
              ? []
              : [{ ...at, metric, value, flags: metric === 'spo2' ? flags : 0 }],
          );
        },
      );
      const straight = new Monitor(WARD, START);
      let asked = new Monitor(WARD, START);
      for (const input of inputs) {
        // Whoever has just been restored asks every detector.
        asked = Monitor.restore(WARD, asked.snapshot());
        assert.deepEqual(straight.take(input), asked.take(input));
      }
      assert.deepEqual(straight.snapshot(), asked.snapshot());
    }),
    { numRuns: 150 },
  );
});

test('the same inputs give the same, and an episode is raised before it rises or ends', () => {
  fc.assert(
    fc.property(given, (items) => {
      const inputs = inputsOf(items);
      const told = toldBy(new Monitor(PLAN, START), inputs);
      assert.deepEqual(toldBy(new Monitor(PLAN, START), inputs), told);
      const open = new Map<string, number>();
      for (const { kind, alarm, isShadow, sinceMs } of told) {
        const key = `${alarm}${isShadow ?? ''}`;
        if (kind === 'passed') continue;
        assert.equal(open.has(key), kind !== 'raised', `${kind} ${key}`);
        if (kind === 'raised') open.set(key, sinceMs);
        if (kind === 'risen') assert.equal(open.get(key), sinceMs);
        if (kind === 'ended') open.delete(key);
      }
    }),
    { numRuns: 150 },
  );
});

test('no alarm has the name and the beginning of another', () => {
  fc.assert(
    fc.property(given, (items) => {
      const told = toldBy(new Monitor(PLAN, START), inputsOf(items));
      const raised = told.filter(({ kind, isShadow }) => kind === 'raised' && !isShadow);
      const names = raised.map(({ alarm, sinceMs }) => `${alarm}@${sinceMs}`);
      assert.equal(new Set(names).size, names.length, names.join(' '));
    }),
    { numRuns: 150 },
  );
});

test('what a series has come to does not grow with its readings', () => {
  const weeks = (count: number): Monitor => {
    const monitor = new Monitor(PLAN, START);
    for (let minute = 0; minute < count * 7 * 1440; minute += 20) {
      const atMs = START + minute * 60_000;
      for (const [index, [metric, low, high]] of METRICS.entries()) {
        const value = low + ((minute / 20 + index * 7) % Math.max(1, high - low));
        monitor.take({
          kind: 'reading',
          device: 'a',
          metric,
          atMs,
          receivedAtMs: atMs,
          value,
          flags: 0,
        });
      }
      monitor.take({ kind: 'event', what: 'fall', device: 'a', atMs, receivedAtMs: atMs });
    }
    return monitor;
  };
  const size = (monitor: Monitor): number => JSON.stringify(monitor.snapshot()).length;
  const after = size(weeks(6));
  assert.ok(size(weeks(9)) < after * 1.05, `${after}`);
});

test('readings that come in another order within a message are the same to a trend', () => {
  const trend = planAt(
    {
      protocol: { ...ALL, rules: ALL.rules.filter(({ detector }) => detector.kind === 'trend') },
      patient: PATIENT,
      overrides: [],
    },
    START,
  );
  const weighings = fc.uniqueArray(
    fc.record({ hour: fc.nat({ max: 24 * 9 }), value: fc.integer({ min: 78, max: 86 }) }),
    { selector: ({ hour }) => hour, maxLength: 12 },
  );
  fc.assert(
    fc.property(weighings, (written) => {
      const receivedAtMs = START + 240 * 3_600_000;
      const statesOf = (items: typeof written): unknown => {
        const monitor = new Monitor(trend, START);
        for (const { hour, value } of items) {
          const atMs = START + hour * 3_600_000;
          monitor.take({
            kind: 'reading',
            device: 'a',
            metric: 'weight',
            atMs,
            receivedAtMs,
            value,
            flags: 0,
          });
        }
        const { watches } = monitor.snapshot();
        return Object.values(watches).map(({ state }) => ('days' in state ? state.days : state));
      };
      assert.deepEqual(statesOf(written), statesOf(written.toReversed()));
    }),
  );
});
