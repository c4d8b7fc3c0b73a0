import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import { deviceSample, NOON, runSample, subjectId } from '../../../../tests/support/line.ts';
import { acceptReadings } from './accept.ts';
import { acceptEvents } from './accept-events.ts';
import { acceptWaveforms } from './accept-waveforms.ts';
import { HELD_EPOCH, startClock } from './clock.ts';
import type { ReadingsEntry } from './entry.ts';
import type { Accepted } from './placement.ts';

function accept(readings: Partial<ReportedReading>[], device = deviceSample(), sentMs?: number) {
  const complete = readings.map((reading) => ({
    metric: 'heart-rate',
    value: 72,
    flags: 0,
    ...reading,
  }));
  return acceptReadings(device, { readings: complete, sentMs, receivedMs: NOON });
}

function placed(accepted: Accepted) {
  assert.equal(accepted.kind, 'placed');
  return accepted as Extract<Accepted, { kind: 'placed' }>;
}

function columns(accepted: Accepted) {
  const { entries, faults } = placed(accepted);
  assert.deepEqual(faults, []);
  return entries as readonly ReadingsEntry[];
}

const JUDGED = [
  { name: 'a heart rate is taken as it is', reading: { value: 72 }, value: 72, flags: 0 },
  { name: 'by LOINC', reading: { metric: '8867-4', value: 72.5 }, value: 72.5, flags: 0 },
  {
    name: '98.6 °F is 37 °C',
    reading: { metric: 'body-temperature', unit: '[degF]', value: 98.6 },
    value: 37,
    flags: 0,
  },
  {
    name: 'the highest plausible SpO2',
    reading: { metric: 'spo2', value: 100 },
    value: 100,
    flags: 0,
  },
  {
    name: 'an SpO2 above 100 % is stored, flagged',
    reading: { metric: 'spo2', value: 101 },
    value: 101,
    flags: FLAG.IMPLAUSIBLE,
  },
  {
    name: 'an SpO2 below what is plausible is stored, flagged',
    reading: { metric: 'spo2', value: 3 },
    value: 3,
    flags: FLAG.IMPLAUSIBLE,
  },
  {
    name: 'HI keeps its bound and is no artefact',
    reading: { metric: 'spo2', value: 101, flags: FLAG.ABOVE },
    value: 101,
    flags: FLAG.ABOVE,
  },
  {
    name: 'other flags stay beside',
    reading: { metric: 'spo2', value: 3, flags: FLAG.SIMULATED },
    value: 3,
    flags: FLAG.SIMULATED | FLAG.IMPLAUSIBLE,
  },
];

for (const { name, reading, value, flags } of JUDGED) {
  test(`judged alone: ${name}`, () => {
    const [entry] = columns(accept([{ stampMs: NOON, ...reading }]));
    assert.deepEqual([entry?.values, entry?.flags, entry?.stampsMs], [[value], [flags], [NOON]]);
  });
}

test('bad parts become faults with their place in the message; the good ones are placed', () => {
  const { entries, faults } = placed(
    accept([
      { stampMs: NOON, metric: 'aura' },
      { stampMs: NOON, value: 71 },
      { stampMs: NOON, metric: 'heart-rate', unit: 'Cel' },
      { stampMs: NOON, metric: 'ecg-ii' },
      { stampMs: NOON, metric: 'pulse of Ada Lovelace' },
    ]),
  );
  assert.deepEqual((entries[0] as ReadingsEntry).values, [71]);
  assert.deepEqual(
    faults.map(({ index, fault: { code, detail } }) => [index, code, detail]),
    [
      [0, 'METRIC_UNKNOWN', 'aura'],
      [2, 'UNIT_UNKNOWN', 'heart-rate'],
      [3, 'METRIC_UNKNOWN', 'ecg-ii'],
      [4, 'METRIC_UNKNOWN', undefined],
    ],
  );
});

test('readings without a stamp are stamped on receipt, in an epoch of their own', () => {
  const device = deviceSample();
  const [entry] = columns(accept([{ value: 70 }], device));
  assert.deepEqual(entry?.stampsMs, [NOON]);
  assert.equal(device.series[0]?.epoch, 0);
});

test('a device that nobody wears at that time has its reading parked, to the millisecond', () => {
  const device = deviceSample((atMs) => (atMs >= NOON - 500 ? 1 : undefined));
  const { entries, faults } = placed(
    accept([{ stampMs: NOON - 501 }, { stampMs: NOON - 500 }], device),
  );
  assert.deepEqual((entries[0] as ReadingsEntry).stampsMs, [NOON - 500]);
  assert.deepEqual(faults, [{ index: 0, fault: { code: 'DEVICE_UNASSIGNED' } }]);
});

test('a message that spans a change of wearer becomes one entry for each, in order', () => {
  const device = deviceSample((atMs) => (atMs < NOON - 200 ? 1 : 2));
  const stamps = [NOON - 300, NOON - 201, NOON - 200, NOON - 100];
  const entries = columns(
    accept(
      stamps.map((stampMs) => ({ stampMs })),
      device,
    ),
  );
  assert.deepEqual(
    entries.map(({ partition, stampsMs }) => [partition, stampsMs]),
    [
      [1, stamps.slice(0, 2)],
      [2, stamps.slice(2)],
    ],
  );
  assert.deepEqual(
    entries.map(({ series }) => series[0]?.subjectId),
    [subjectId(1), subjectId(2)],
  );
});

test('the wearer is the one at the corrected time', () => {
  const device = deviceSample((atMs) => (atMs >= NOON - 1000 ? 1 : undefined));
  device.clock = {
    epoch: 1,
    offsetMs: 3_600_000,
    newestStampMs: NOON - 3_601_000,
    suspect: undefined,
  };
  const [entry] = columns(accept([{ stampMs: NOON - 3_600_000 }], device));
  assert.deepEqual([entry?.stampsMs, entry?.offsetMs], [[NOON - 3_600_000], 3_600_000]);
});

test('a stamp from before the clock was found to be wrong keeps the offset of its own stretch', () => {
  const device = {
    ...deviceSample((atMs) => (atMs < NOON - 60_000 ? 2 : 1)),
    offsetAt: (_epoch: number, stampMs: number) => (stampMs < NOON - 90_000 ? 0 : 60_000),
  };
  device.clock = { epoch: 1, offsetMs: 60_000, newestStampMs: NOON - 60_000, suspect: undefined };
  const [early, late] = [NOON - 100_000, NOON - 60_000];
  const entries = columns(accept([{ stampMs: early }, { stampMs: late }], device));
  assert.deepEqual(
    entries.map(({ series, stampsMs, offsetMs }) => [series[0]?.subjectId, stampsMs, offsetMs]),
    [
      [subjectId(2), [early], 0],
      [subjectId(1), [late], 60_000],
    ],
  );
  const runs = [runSample({ startMs: early })];
  const [run] = placed(acceptWaveforms(device, { runs, receivedMs: NOON })).entries;
  const events = [{ kind: 'button', stampMs: early, flags: 0 } as const];
  const told = { events, contentId: 'c', receivedMs: NOON };
  const [event] = placed(acceptEvents(device, told)).entries;
  assert.deepEqual([run?.offsetMs, event?.offsetMs], [0, 0]);
});

test('a series that has no row yet is asked for, and nothing is placed before it is there', () => {
  const device = { ...deviceSample(), seriesOf: () => undefined };
  const accepted = accept([{ stampMs: NOON }, { stampMs: NOON, metric: 'aura' }], device);
  assert.ok(accepted.kind === 'needs');
  const { needs } = accepted;
  assert.equal(needs.clock, undefined);
  assert.deepEqual(
    needs.series.map(({ metric, epoch }) => [metric.key, epoch]),
    [['heart-rate', 1]],
  );
});

test("a device's first message asks for its clock before anything else", () => {
  const device = deviceSample();
  device.clock = undefined;
  const accepted = accept([{ stampMs: NOON }], device);
  assert.ok(accepted.kind === 'needs');
  const { clock, series } = accepted.needs;
  assert.deepEqual(clock?.change, {
    kind: 'epoch',
    epoch: 1,
    offsetMs: 0,
    fromStampMs: NOON,
  });
  assert.deepEqual(series, []);
  assert.equal(device.clock, undefined, 'the clock moves when its row is written');
  device.clock = clock.state;
  assert.equal(accept([{ stampMs: NOON }], device).kind, 'placed');
});

test('runs of several leads go together; an unknown lead is parked alone', () => {
  const device = deviceSample();
  const startMs = NOON - 100;
  const runs = [
    runSample({ startMs }),
    runSample({ startMs, metric: 'ecg-v1' }),
    runSample({ startMs, metric: 'heart-rate' }),
  ];
  const { entries, faults } = placed(acceptWaveforms(device, { runs, receivedMs: NOON }));
  assert.deepEqual(
    faults.map(({ index, fault }) => [index, fault.code]),
    [[2, 'METRIC_UNKNOWN']],
  );
  assert.equal(entries.length, 1);
  assert.deepEqual(
    entries[0]?.kind === 'waveforms' && entries[0].series.map(({ metric }) => metric.key),
    ['ecg-ii', 'ecg-v1'],
  );
});

test('a run during which the device goes to somebody else is cut there, and nowhere else', () => {
  const startMs = NOON - 100;
  const placedOf = (wearerAt: (afterMs: number) => number | undefined) => {
    const device = deviceSample((atMs) => wearerAt(atMs - startMs));
    const message = { runs: [runSample({ startMs })], receivedMs: NOON };
    const { entries, faults } = placed(acceptWaveforms(device, message));
    const parts = entries.flatMap((entry) =>
      entry.kind !== 'waveforms'
        ? []
        : entry.runs.map((run, i) => [
            Number(entry.series[i]?.subjectId.slice(-2)),
            run.startMs - startMs,
            run.samples.join(''),
          ]),
    );
    return { parts, faults: faults.map(({ fault }) => fault.code) };
  };
  const whole = '0123456789';
  for (const [wearerAt, parts] of [
    [
      (ms: number) => (ms < 45 ? 1 : 2),
      [
        [1, 0, '01234'],
        [2, 50, '56789'],
      ],
    ],
    [
      (ms: number) => (ms < 50 ? 1 : 2),
      [
        [1, 0, '01234'],
        [2, 50, '56789'],
      ],
    ],
    [
      (ms: number) => (ms < 51 ? 1 : 2),
      [
        [1, 0, '012345'],
        [2, 60, '6789'],
      ],
    ],
    [(ms: number) => (ms < 99 ? 1 : 2), [[1, 0, whole]]],
    [
      (ms: number) => (ms < 1 ? 1 : 2),
      [
        [1, 0, '0'],
        [2, 10, '123456789'],
      ],
    ],
    // Taken off, and given to another a little later: what nobody wears stays where it was.
    [
      (ms: number) => (ms < 30 ? 1 : ms < 60 ? undefined : 2),
      [
        [1, 0, '012345'],
        [2, 60, '6789'],
      ],
    ],
    [(ms: number) => (ms < 30 ? 1 : undefined), [[1, 0, whole]]],
    [
      (ms: number) => (ms < 30 ? 1 : ms < 60 ? 2 : 1),
      [
        [1, 0, '012'],
        [2, 30, '345'],
        [1, 60, '6789'],
      ],
    ],
  ] as const)
    assert.deepEqual(placedOf(wearerAt), { parts, faults: [] });
  const unworn = placedOf((ms) => (ms < 30 ? undefined : 2));
  assert.deepEqual(unworn, { parts: [], faults: ['DEVICE_UNASSIGNED'] });
});

test('an event is known again by boot and sequence, else by what was sent', () => {
  const events = [
    { kind: 'button' as const, stampMs: NOON, boot: 3, sequence: 7, flags: 0 },
    { kind: 'fall' as const, flags: 0 },
  ];
  const { entries } = placed(
    acceptEvents(deviceSample(), { events, contentId: 'hash', receivedMs: NOON }),
  );
  assert.deepEqual(
    entries.map((entry) => entry.kind === 'event' && entry.id),
    ['monitor-1/3/7', 'hash/1'],
  );
});

const SLOW_MS = 3 * 3_600_000;

/** Never heard of before, its clock three hours slow. */
function newDevice(wearerAt: (atMs: number) => number | undefined) {
  const { state } = startClock({
    newestStampMs: NOON - SLOW_MS,
    oldestStampMs: NOON - SLOW_MS,
    receivedMs: NOON,
  });
  return Object.assign(deviceSample(wearerAt), { clock: state });
}

const WEARERS = [
  { name: 'nobody wore it before', before: undefined },
  { name: 'somebody else wore it before', before: 2 },
];

for (const { name, before } of WEARERS) {
  test(`doubt of the clock, and ${name}: held, while the present wearer's limits watch it`, () => {
    const device = newDevice((atMs) => (atMs > NOON - 60_000 ? 1 : before));
    const stamps = [NOON - SLOW_MS - 5_000, NOON - SLOW_MS];
    const { entries, faults } = placed(
      accept(
        stamps.map((stampMs) => ({ stampMs })),
        device,
      ),
    );
    const [entry] = entries as ReadingsEntry[];
    assert.equal(entries.length, 1);
    assert.deepEqual(entry?.stampsMs, [NOON - 5_000, NOON], 'the newest at its receipt');
    assert.deepEqual(entry?.offsetMs, 0);
    for (const series of entry?.series ?? [])
      assert.deepEqual([series.subjectId, series.epoch], [subjectId(1), HELD_EPOCH]);
    assert.deepEqual(faults, [
      { index: 0, fault: { code: 'CLOCK_DOUBTED' } },
      { index: 1, fault: { code: 'CLOCK_DOUBTED' } },
    ]);
  });
}

test('doubt of the clock, and one wearer all the time: placed at the stamp, no fault', () => {
  const device = newDevice(() => 1);
  const [entry] = columns(accept([{ stampMs: NOON - SLOW_MS }], device));
  assert.deepEqual([entry?.stampsMs, entry?.series[0]?.epoch], [[NOON - SLOW_MS], 1]);
});

test('doubt of the clock, and nobody wears the device now: parked, watched at nobody', () => {
  const device = newDevice((atMs) => (atMs < NOON - SLOW_MS / 2 ? 2 : undefined));
  const { entries, faults } = placed(accept([{ stampMs: NOON - SLOW_MS }], device));
  assert.deepEqual(entries, []);
  assert.deepEqual(
    faults.map(({ fault }) => fault.code),
    ['CLOCK_DOUBTED', 'DEVICE_UNASSIGNED'],
  );
});

test('doubt of the clock holds waveforms and events of another wearer too', () => {
  const device = newDevice((atMs) => (atMs > NOON - 60_000 ? 1 : 2));
  const runs = [runSample({ startMs: NOON - SLOW_MS - 100 })];
  const waveforms = placed(acceptWaveforms(device, { runs, receivedMs: NOON }));
  const events = [{ kind: 'button' as const, stampMs: NOON - SLOW_MS, flags: 0 }];
  const button = placed(acceptEvents(device, { events, contentId: 'hash', receivedMs: NOON }));
  for (const { faults } of [waveforms, button])
    assert.deepEqual(faults, [{ index: 0, fault: { code: 'CLOCK_DOUBTED' } }]);
  assert.deepEqual(waveforms.entries, []);
  const [call] = button.entries;
  assert.ok(
    call?.kind === 'event' && call.isHeld,
    'it calls where the device is, and is in no record',
  );
  assert.deepEqual(call.event, { kind: 'button', flags: 0 });
});
