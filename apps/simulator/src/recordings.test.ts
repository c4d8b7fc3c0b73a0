import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isBeat, readWfdbAnnotations } from '@ausculta/codecs/wfdb-annotations';
import { metricByKey } from '@ausculta/vitals/lookup';
import { dataTest } from '../../../tools/test-data.ts';
import { HEART_RATE_WINDOW_S, RESP_RATE_WINDOW_S } from './bedside.ts';
import { MIT_BIH_CUTS } from './cuts.ts';
import { meanRate } from './loop.ts';
import type { Recording } from './recording.ts';
import { readRecording } from './recording-files.ts';
import { WARD_PATIENTS } from './ward.ts';

const recordings = new Map<string, Recording>();
for (const { recording } of WARD_PATIENTS)
  recordings.set(recording, await readRecording(recording));

function ratesOf(recording: Recording): number[] {
  const rateHz = recording.rate.numerator / recording.rate.denominator;
  const rates: number[] = [];
  for (let second = 10; second * rateHz < recording.length; second += 1) {
    const at = { position: second * rateHz, windowS: HEART_RATE_WINDOW_S };
    const rate = meanRate(recording, recording.beats, at);
    if (rate !== undefined) rates.push(Math.round(rate));
  }
  return rates;
}

test('every patient of the ward has a recording of at least two minutes in known waveforms', () => {
  assert.ok(WARD_PATIENTS.length >= 8);
  for (const [name, { rate, length, channels, beats }] of recordings) {
    assert.ok(length / (rate.numerator / rate.denominator) >= 120, name);
    assert.ok(beats.length > 100, name);
    for (const { metric, samples } of channels) {
      assert.equal(metricByKey(metric)?.kind, 'waveform', metric);
      assert.equal(samples.length, length);
    }
  }
});

test('normalised signals are in arbitrary units, never mV', () => {
  for (const { metric } of recordings.get('bidmc01')?.channels ?? []) {
    assert.equal(metricByKey(metric)?.unit, "[arb'U]");
  }
});

test('somebody’s real heart passes 130 beats a minute for four seconds within the first minute', () => {
  const rates = ratesOf(recordings.get('mitbih203') as Recording).slice(0, 50);
  assert.ok(rates.filter((rate) => rate >= 131).length >= 4, `${Math.max(...rates)}`);
});

test('somebody’s real heart falls to 40 beats a minute or less', () => {
  assert.ok(Math.min(...ratesOf(recordings.get('mitbih219') as Recording)) <= 40);
});

test('a loop halves no beat: both ends lie in the rest between two', () => {
  for (const [name, { beats, length, rate }] of recordings) {
    const restS = ((beats[0] ?? 0) * rate.denominator) / rate.numerator;
    const tailS = ((length - (beats.at(-1) ?? 0)) * rate.denominator) / rate.numerator;
    assert.ok(restS > 0.1 && restS < 1.5, `${name} begins ${restS} s before a beat`);
    assert.ok(tailS > 0.2 && tailS < 1.5, `${name} ends ${tailS} s after a beat`);
  }
});

test('the beats found in the BIDMC lead agree with the pulses seen in its pleth', () => {
  const { beats, channels, rate } = recordings.get('bidmc01') as Recording;
  const pleth = channels.find(({ metric }) => metric === 'pleth-arb')?.samples ?? new Int32Array();
  const minute = 60 * rate.numerator;
  const period = strongestPeriod(pleth.subarray(0, minute), { from: 50, until: 125 });
  const found = beats.filter((beat) => beat < minute);
  const meanInterval = ((found.at(-1) ?? 0) - (found[0] ?? 0)) / (found.length - 1);
  assert.ok(Math.abs(meanInterval - period) <= 2, `${meanInterval} against ${period} samples`);
});

test('the breaths a minute found in the BIDMC respiration are those of its autocorrelation, within 1.5', () => {
  const { breaths, channels, rate, length } = recordings.get('bidmc01') as Recording;
  const resp =
    channels.find(({ metric }) => metric === 'resp-wave-arb')?.samples ?? new Int32Array();
  const window = RESP_RATE_WINDOW_S * rate.numerator;
  for (let end = window; end <= length; end += window) {
    const found = meanRate({ rate, length }, breaths, {
      position: end,
      windowS: RESP_RATE_WINDOW_S,
    });
    const period = strongestPeriod(resp.subarray(end - window, end), { from: 200, until: 625 });
    const other = (60 * rate.numerator) / period;
    assert.ok(Math.abs((found ?? 0) - other) <= 1.5, `${found} against ${other} breaths a minute`);
  }
});

/** The lag at which a signal is most like itself: a second opinion that knows no thresholds. */
function strongestPeriod(signal: Int32Array, lags: { from: number; until: number }): number {
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length;
  let best = { lag: 0, likeness: Number.NEGATIVE_INFINITY };
  for (let lag = lags.from; lag < lags.until; lag += 1) {
    let likeness = 0;
    for (let at = 0; at + lag < signal.length; at += 1) {
      likeness += ((signal[at] ?? 0) - mean) * ((signal[at + lag] ?? 0) - mean);
    }
    likeness /= signal.length - lag;
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best.lag;
}

dataTest(
  {
    dataset: 'ecg-mitdb',
    name: 'every cut has the beats of its original, counted there',
    cases: MIT_BIH_CUTS.length,
  },
  (directory) => {
    for (const { record } of MIT_BIH_CUTS) {
      const cut = recordings.get(`mitbih${record}`);
      const header = readFileSync(
        join(import.meta.dirname, `../recordings/mitbih${record}.hea`),
        'utf8',
      );
      const [, from, last] = /samples (\d+) to (\d+)/.exec(header) ?? [];
      const original = readWfdbAnnotations(readFileSync(join(directory, `${record}.atr`)));
      assert.ok(original.ok && cut !== undefined);
      const beats = original.value.filter(isBeat).map(({ sample }) => sample);
      assert.deepEqual(
        cut.beats.map((beat) => beat + Number(from)),
        beats.filter((beat) => Number(from) <= beat && beat <= Number(last)),
      );
    }
  },
);
