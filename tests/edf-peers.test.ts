/** A reader of EDF+ that we did not write makes of our files what we put into them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeEdf } from '@ausculta/codecs/edf-writer';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { missingEdfPeer, readWithPeer } from './support/edf-peer.ts';
import { temporaryDirectory } from './support/server.ts';

const START_MS = Date.UTC(2026, 2, 2, 8, 30, 15, 250);
const why = missingEdfPeer();

const ECG: WaveformRun = {
  metric: 'ecg-ii',
  startMs: START_MS,
  rate: { numerator: 250, denominator: 1 },
  samples: Int32Array.from({ length: 2_500 }, (_, i) => ((i * 37) % 4_001) - 2_000),
  gain: 200,
  zero: 512,
  flags: 0,
};
const PLETH: WaveformRun = {
  ...ECG,
  metric: 'pleth',
  rate: { numerator: 125, denominator: 1 },
  samples: Int32Array.from({ length: 1_250 }, (_, i) => (i * 11) % 1_000),
  ...{ gain: 10, zero: 0 },
};

test('EDFlib reads our file: times, units, notes and every sample', {
  skip: why ?? false,
}, async () => {
  const directory = await temporaryDirectory();
  const file = encodeEdf({
    signals: [
      { label: 'ECG II', transducer: 'monitor-1', unit: 'mV', runs: [ECG] },
      { label: 'Pleth', transducer: 'monitor-1', unit: '%', runs: [PLETH] },
    ],
    notes: [{ atMs: START_MS + 2_500, durationMs: 1_000, text: 'questionable' }],
    patient: undefined,
    equipment: 'Ausculta',
  });
  assert.ok(file.ok);
  const path = join(directory, 'ours.edf');
  writeFileSync(path, Buffer.concat([...file.value]));
  const [head, note, ...rest] = readWithPeer(path, directory);
  // EDFlib counts in 100 ns.
  assert.equal(head, 'type 1 signals 2 records 10 patient [] start 2026-3-2 8:30:15.2500000');
  assert.equal(note?.replace(/ +\]/g, ']'), 'annotation 25000000 [1] [questionable]');
  for (const [run, title] of [
    [ECG, 'signal [ECG II] [mV] 2500'],
    [PLETH, 'signal [Pleth] [%] 1250'],
  ] as const) {
    assert.equal(rest.shift()?.replace(/ +\]/g, ']'), title);
    for (const sample of run.samples) {
      const value = Number(rest.shift());
      assert.ok(Math.abs(value - (sample - run.zero) / run.gain) < 1e-6, `${value} for ${sample}`);
    }
  }
  assert.deepEqual(rest, []);
});
