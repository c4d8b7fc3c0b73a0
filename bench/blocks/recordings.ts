// What the bench packs: the whole of the MIT-BIH recordings at hand, and the heart rates that their
// annotated beats imply.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadingColumns } from '../../packages/blocks/src/readings-block.ts';
import { readWfdbHeader, readWfdbSignals } from '../../packages/codecs/src/wfdb.ts';
import { isBeat, readWfdbAnnotations } from '../../packages/codecs/src/wfdb-annotations.ts';
import { expect } from '../../packages/vitals/src/expect.ts';
import type { Result } from '../../packages/vitals/src/fault.ts';
import type { WaveformRun } from '../../packages/vitals/src/waveform.ts';

export interface Recording {
  readonly name: string;
  /** One run a lead, as long as the recording. */
  readonly leads: readonly WaveformRun[];
  /** Once a second, whole beats a minute over the last 8 s. */
  readonly heartRates: ReadingColumns;
}

/** Any will do; a real one has as many digits as this. */
const START_MS = Date.UTC(2026, 0, 1);
const MEAN_SECONDS = 8;

export function readRecordings(directory: string): Recording[] {
  const names = readdirSync(directory).filter((file) => file.endsWith('.hea'));
  return names.sort().map((file) => readRecording(directory, file.replace('.hea', '')));
}

function readRecording(directory: string, name: string): Recording {
  const read = (extension: string) => readFileSync(join(directory, `${name}.${extension}`));
  const header = unwrap(readWfdbHeader(read('hea').toString('latin1')));
  const signals = unwrap(readWfdbSignals(header, new Map([[`${name}.dat`, read('dat')]])));
  const leads = signals.map((samples, index) => ({
    metric: index === 0 ? 'ecg-ii' : 'ecg-v1',
    startMs: START_MS,
    rate: header.rate,
    samples,
    gain: header.signals[index]?.gain ?? 1,
    zero: header.signals[index]?.baseline ?? 0,
    flags: 0,
  }));
  const rateHz = header.rate.numerator / header.rate.denominator;
  const beats = unwrap(readWfdbAnnotations(read('atr'))).filter(isBeat);
  const beatSeconds = beats.map(({ sample }) => sample / rateHz);
  return { name, leads, heartRates: heartRatesOf(beatSeconds, header.frameCount / rateHz) };
}

function heartRatesOf(beatSeconds: readonly number[], durationSeconds: number): ReadingColumns {
  const stamps: number[] = [];
  const rates: number[] = [];
  for (let second = MEAN_SECONDS; second <= durationSeconds; second++) {
    const recent = beatSeconds.filter((beat) => beat > second - MEAN_SECONDS && beat <= second);
    const elapsed = (recent.at(-1) ?? 0) - (recent[0] ?? 0);
    if (elapsed === 0) continue;
    stamps.push(START_MS + second * 1000);
    rates.push(Math.round((60 * (recent.length - 1)) / elapsed));
  }
  return {
    stampsMs: Float64Array.from(stamps),
    values: Float64Array.from(rates),
    flags: new Uint8Array(stamps.length),
  };
}

/** The same readings, each stamp up to `jitterMs` early or late; the same ones every time. */
export function jittered(columns: ReadingColumns, jitterMs: number): ReadingColumns {
  let state = 1;
  const stampsMs = columns.stampsMs.map((stampMs) => {
    // Park and Miller's minimal generator: good enough to scatter stamps.
    state = (state * 48_271) % 2_147_483_647;
    return stampMs + (state % (2 * jitterMs + 1)) - jitterMs;
  });
  return { ...columns, stampsMs };
}

/** A run in pieces of at most `count` samples. */
export function cut(run: WaveformRun, count: number): WaveformRun[] {
  const pieces: WaveformRun[] = [];
  const { numerator, denominator } = run.rate;
  for (let from = 0; from < run.samples.length; from += count) {
    const startMs = run.startMs + Math.round((from * 1000 * denominator) / numerator);
    pieces.push({ ...run, startMs, samples: run.samples.slice(from, from + count) });
  }
  return pieces;
}

export function unwrap<T>(result: Result<T>): T {
  expect(result.ok, 'the bench reads and writes only what is sound');
  return result.value;
}
