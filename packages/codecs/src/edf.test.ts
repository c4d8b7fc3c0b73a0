import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { toPhysical } from './edf-format.ts';
import { decodeEdf, type ReadEdf } from './edf-reader.ts';
import { fitScale, numberText } from './edf-scale.ts';
import { type EdfRecording, encodeEdf } from './edf-writer.ts';

const START_MS = Date.UTC(2026, 2, 2, 8, 30, 15, 250);

const runOf = (run: Partial<WaveformRun>): WaveformRun => ({
  metric: 'ecg-ii',
  startMs: START_MS,
  rate: { numerator: 100, denominator: 1 },
  samples: Int32Array.from({ length: 250 }, (_, i) => (i * 7) % 400),
  gain: 200,
  zero: 1024,
  flags: 0,
  ...run,
});

const recordingOf = (
  runs: readonly WaveformRun[],
  rest: Partial<EdfRecording> = {},
): EdfRecording => ({
  signals: [{ label: 'ECG II', transducer: 'monitor-1', unit: 'mV', runs }],
  notes: [],
  patient: undefined,
  equipment: 'Ausculta',
  ...rest,
});

function bytesOf(recording: EdfRecording): Uint8Array {
  const pieces = encodeEdf(recording);
  assert.ok(pieces.ok);
  return Buffer.concat([...pieces.value]);
}

function readBack(recording: EdfRecording): ReadEdf {
  const read = decodeEdf(bytesOf(recording));
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

/** What was measured, by time: the filler is not. */
function measured(
  { signals, onsetsS, startMs, recordSeconds }: ReadEdf,
  signal = 0,
): [number, number][] {
  const one = signals[signal] ?? assert.fail('no such signal');
  const filler = Number(/no sample: (-?\d+)/.exec(one.prefiltering)?.[1]);
  return Array.from(one.digital, (digital, i): [number, number] => {
    const record = Math.floor(i / one.samplesPerRecord);
    const within = ((i % one.samplesPerRecord) * recordSeconds) / one.samplesPerRecord;
    return [Math.round(startMs + ((onsetsS[record] ?? 0) + within) * 1000), digital];
  })
    .filter(([, digital]) => digital !== filler)
    .map(([timeMs, digital]) => [timeMs, toPhysical(one.scale, digital)]);
}

test('one run is EDF+C: its samples at their times, in their unit, to the last step', () => {
  const run = runOf({});
  const read = readBack(recordingOf([run]));
  assert.equal(read.form, 'EDF+C');
  assert.equal(read.startMs, Math.floor(START_MS / 1000) * 1000);
  assert.deepEqual(read.onsetsS, [0.25, 1.25, 2.25]);
  const expected = Array.from(run.samples, (sample, i) => [
    START_MS + i * 10,
    (sample - 1024) / 200,
  ]);
  for (const [i, [timeMs, value]] of measured(read).entries()) {
    assert.equal(timeMs, expected[i]?.[0]);
    assert.ok(Math.abs(value - (expected[i]?.[1] ?? 0)) < 1e-9);
  }
  assert.equal(measured(read).length, 250);
});

test('a gap is EDF+D: nothing stands where nobody measured, and what follows has its own time', () => {
  const later = runOf({ startMs: START_MS + 10_000.4, samples: Int32Array.of(5, 6, 7) });
  const read = readBack(recordingOf([runOf({}), later]));
  assert.equal(read.form, 'EDF+D');
  assert.deepEqual(read.onsetsS, [0.25, 1.25, 2.25, 10.2504]);
  assert.equal(measured(read).length, 253);
});

test('nobody is named unless it is asked for, and names are put into the form of the standard', () => {
  const header = (recording: EdfRecording) =>
    Buffer.from(bytesOf(recording).subarray(8, 168)).toString('latin1');
  assert.match(
    header(recordingOf([runOf({})])),
    /^X X X X {73}Startdate 02-MAR-2026 X X Ausculta +$/,
  );
  const patient = {
    code: 'M 100',
    sex: 'F',
    birthDate: '1957-03-14',
    name: 'Müller, Ana María',
  } as const;
  assert.match(
    header(recordingOf([runOf({})], { patient })),
    /^M_100 F 14-MAR-1957 Muller,_Ana_Maria /,
  );
  assert.match(
    header(recordingOf([runOf({})], { patient: { ...patient, birthDate: '1957' } })),
    /^M_100 F X /,
  );
});

test('annotations stand at their onset with their duration, none is lost where many come at once', () => {
  const notes = [
    { atMs: START_MS + 500, durationMs: 2_000, text: 'questionable' },
    ...Array.from({ length: 100 }, (_, i) => ({
      atMs: START_MS + 1_000,
      text: `event ${i} of a hundred, told in words`,
    })),
  ];
  const read = readBack(recordingOf([runOf({ samples: new Int32Array(1_000) })], { notes }));
  assert.equal(read.annotations.length, 101);
  assert.deepEqual(read.annotations[0], { onsetS: 0.75, durationS: 2, text: 'questionable' });
  assert.deepEqual(new Set(read.annotations.slice(1).map(({ onsetS }) => onsetS)), new Set([1.25]));
});

test('signals of several rates stand side by side, each sample in its place', () => {
  const slow = runOf({
    startMs: START_MS + 1_000,
    rate: { numerator: 125, denominator: 2 },
    gain: 1,
    zero: 0,
  });
  const signals = [
    {
      label: 'ECG II',
      transducer: '',
      unit: 'mV',
      runs: [runOf({ samples: new Int32Array(500) })],
    },
    { label: 'Pleth', transducer: '', unit: '%', runs: [slow] },
  ];
  const read = readBack(recordingOf([], { signals }));
  assert.equal(read.recordSeconds, 2);
  assert.deepEqual(
    read.signals.map(({ samplesPerRecord }) => samplesPerRecord),
    [200, 125],
  );
  const [first] = measured(read, 1);
  assert.ok(Math.abs((first?.[0] ?? 0) - slow.startMs) <= 8, 'within half a sample');
  assert.deepEqual(
    measured(read, 1).map(([, value]) => value),
    [...slow.samples],
  );
});

test('whatever 16 bit hold comes back step by step, whatever the gain, the zero and the gaps', () => {
  const sample = fc.integer({ min: -32_767, max: 32_767 });
  const parts = fc.array(
    fc.record({
      gapMs: fc.nat(5_000),
      samples: fc.array(sample, { minLength: 1, maxLength: 300 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const gains = fc.constantFrom(1, 10, 200, 247.5, 1000 / 3, 2 ** 16);
  fc.assert(
    fc.property(parts, gains, fc.integer({ min: -2_048, max: 2_048 }), (all, gain, zero) => {
      let startMs = START_MS;
      const runs = all.map(({ gapMs, samples }) => {
        startMs += gapMs;
        const run = runOf({ startMs, gain, zero, samples: Int32Array.from(samples) });
        startMs += samples.length * 10;
        return run;
      });
      const found = measured(readBack(recordingOf(runs)));
      const wanted = runs.flatMap((run) => [...run.samples]);
      assert.equal(found.length, wanted.length);
      for (const [i, [, value]] of found.entries()) {
        const digital = value * gain + zero;
        assert.ok(Math.abs(digital - (wanted[i] ?? 0)) < 0.5, `${digital} for ${wanted[i]}`);
      }
    }),
  );
});

test('a converter of 24 bit loses only what 16 bit cannot hold, and the file says so', () => {
  const samples = Int32Array.of(-8_388_608, 0, 8_388_607);
  const { divisor } = fitScale({ gain: 1, zero: 0, least: -8_388_608, most: 8_388_607 });
  const read = readBack(recordingOf([runOf({ gain: 1, zero: 0, samples })]));
  assert.match(read.signals[0]?.prefiltering ?? '', new RegExp(`one step of ${divisor}`));
  for (const [i, [, value]] of measured(read).entries())
    assert.ok(Math.abs(value - (samples[i] ?? 0)) <= divisor);
  const far = fitScale({ gain: 1, zero: 0, least: 1_000_000, most: 1_065_000 });
  assert.equal(far.divisor, 1, 'far from zero, but narrow');
});

const NUMBERS = [
  { value: -163.84, text: '-163.84' },
  { value: 1 / 3, text: '0.333333' },
  { value: -1 / 3, text: '-0.33333' },
  { value: 12_345_678, text: '12345678' },
  { value: 0, text: '0' },
] as const;
for (const { value, text } of NUMBERS) {
  test(`in eight characters ${value} is ${text}`, () => assert.equal(numberText(value), text));
}

test('of no samples, and of rates that share no record, there is no file', () => {
  assert.deepEqual(encodeEdf(recordingOf([])).ok, false);
  const odd = runOf({ rate: { numerator: 1000, denominator: 61 } });
  assert.equal(encodeEdf(recordingOf([odd])).ok, false);
});

test('a file that is cut short or altered anywhere is a recording or a fault, never an exception', () => {
  const whole = bytesOf(recordingOf([runOf({})], { notes: [{ atMs: START_MS, text: 'note' }] }));
  for (let length = 0; length < whole.length; length += 1) {
    assert.equal(decodeEdf(whole.subarray(0, length)).ok, false, `${length} bytes`);
  }
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const altered = Uint8Array.from(whole);
      altered[at] = byte;
      decodeEdf(altered);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => void decodeEdf(bytes)));
});

const FILES = [
  {
    file: 'pyedflib-test_subsecond.edf',
    form: 'EDF+C',
    signals: 1,
    startMs: Date.UTC(2020, 0, 24, 4, 5, 56),
    onset: 0.39,
  },
  {
    file: 'pyedflib-test_utf8.edf',
    form: 'EDF+C',
    signals: undefined,
    startMs: undefined,
    onset: undefined,
  },
] as const;

for (const { file, form, signals, startMs, onset } of FILES) {
  dataTest(
    { dataset: 'ecg-formats', name: `the file ${file} of another writer is read` },
    (directory) => {
      const read = decodeEdf(readFileSync(join(directory, file)));
      assert.ok(read.ok, JSON.stringify(read));
      assert.equal(read.value.form, form);
      if (signals !== undefined) assert.equal(read.value.signals.length, signals);
      if (startMs !== undefined) assert.equal(read.value.startMs, startMs);
      if (onset !== undefined) assert.ok(Math.abs((read.value.onsetsS[0] ?? 0) - onset) < 1);
      const [one] = read.value.signals;
      assert.equal(one?.digital.length, read.value.onsetsS.length * (one?.samplesPerRecord ?? 0));
    },
  );
}
