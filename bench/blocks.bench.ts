// How small and how fast blocks are, on real recordings: `npm run bench -- blocks --json`.
import assert from 'node:assert/strict';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compression } from '../packages/blocks/src/compression.ts';
import {
  decodeReadings,
  encodeReadings,
  type ReadingColumns,
} from '../packages/blocks/src/readings-block.ts';
import { decodeRuns, encodeRuns } from '../packages/blocks/src/waveform-block.ts';
import type { WaveformRun } from '../packages/vitals/src/waveform.ts';
import { findChromium } from '../tools/chromium.ts';
import { sharedData } from '../tools/test-data.ts';
import { measureInChromium, type PageWork } from './blocks/chromium.ts';
import { packPlainly, unpackPlainly } from './blocks/plain-codec.ts';
import { cut, jittered, type Recording, readRecordings, unwrap } from './blocks/recordings.ts';
import { bestRate } from './blocks/stopwatch.ts';
import { openReport, type Report } from './report.ts';

const ZSTD: Compression = {
  compress: (bytes) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: (bytes, sizeMax) => zstdDecompressSync(bytes, { maxOutputLength: sizeMax }),
};

/** Encodes to about 16 KB, the size at which a chunk is closed: 91 s of one lead at 360 Hz. */
const SAMPLES_PER_BLOCK = 32_768;

/** The rates are taken on every eighth block: 1 s of one core in all. */
const TIMED_EVERY = 8;

/**
 * A missed target is said in its line and does not fail the bench, for a busy machine misses some;
 * wrong bytes do.
 */
export async function main(args: readonly string[]): Promise<number> {
  const directory = sharedData('ecg-mitdb');
  if (directory === undefined) {
    process.stderr.write('The MIT-BIH recordings are absent: set AUSCULTA_SHARED_DIR.\n');
    return 1;
  }
  const report = openReport(args);
  const recordings = readRecordings(directory);
  const waveforms = packWaveforms(report, recordings);
  const heartRates = packHeartRates(report, recordings);
  timeInNode(report, { waveforms, heartRates });
  weighSmallBlocks(report, recordings);
  await timeInChromium(report, { waveforms, heartRates });
  return 0;
}

interface Packed<T> {
  readonly content: T;
  readonly block: Uint8Array;
}

interface Packs {
  readonly waveforms: readonly Packed<WaveformRun>[];
  readonly heartRates: readonly Packed<ReadingColumns>[];
}

/** Every lead of every recording, in blocks as they are stored; each is read back and compared. */
function packWaveforms(report: Report, recordings: readonly Recording[]): Packed<WaveformRun>[] {
  const packed: Packed<WaveformRun>[] = [];
  const bytesPerSample: number[] = [];
  let plainBytes = 0;
  for (const { leads } of recordings) {
    const from = packed.length;
    for (const run of leads.flatMap((lead) => cut(lead, SAMPLES_PER_BLOCK))) {
      const block = unwrap(encodeRuns([run], ZSTD));
      assert.deepEqual(unwrap(decodeRuns(block, ZSTD)), [run]);
      packed.push({ content: run, block });
      plainBytes += packPlainly([run.samples], ZSTD).bytes.length;
    }
    const own = packed.slice(from);
    bytesPerSample.push(bytesOf(own) / sampleCount(own));
  }
  const bench = 'blocks';
  const samples = sampleCount(packed);
  report.add({ bench, metric: 'MIT-BIH records', value: recordings.length, unit: 'records' });
  report.add({
    bench,
    metric: 'waveform size over all MIT-BIH records',
    value: bytesOf(packed) / samples,
    unit: 'byte/sample',
    target: { bound: 'atMost', value: 0.57 },
    baseline: plainBytes / samples,
  });
  report.add({
    bench,
    metric: 'waveform size of the worst record',
    value: Math.max(...bytesPerSample),
    unit: 'byte/sample',
  });
  return packed;
}

function packHeartRates(
  report: Report,
  recordings: readonly Recording[],
): Packed<ReadingColumns>[] {
  const regular = recordings.map(({ heartRates }) => heartRates);
  const shaken = regular.map((columns) => jittered(columns, 20));
  const packed = weighReadings(report, regular, {
    metric: 'heart rate at 1 Hz, size',
    atMost: 0.5,
  });
  weighReadings(report, shaken, {
    metric: 'heart rate at 1 Hz with 20 ms of jitter, size',
    atMost: 1.5,
  });
  return packed;
}

function weighReadings(
  report: Report,
  series: readonly ReadingColumns[],
  { metric, atMost }: { readonly metric: string; readonly atMost: number },
): Packed<ReadingColumns>[] {
  let plainBytes = 0;
  const packed = series.map((content) => {
    const block = unwrap(encodeReadings(content, ZSTD));
    const { stampsMs, values, flags } = unwrap(decodeReadings(block, ZSTD));
    assert.deepEqual({ stampsMs, values, flags }, content);
    plainBytes += packPlainly([content.stampsMs, content.values], ZSTD).bytes.length;
    return { content, block };
  });
  const readings = readingCount(packed);
  report.add({
    bench: 'blocks',
    metric,
    value: bytesOf(packed) / readings,
    unit: 'byte/reading',
    target: { bound: 'atMost', value: atMost },
    baseline: plainBytes / readings,
  });
  return packed;
}

function timeInNode(report: Report, { waveforms, heartRates }: Packs): void {
  const timed = waveforms.filter((_, index) => index % TIMED_EVERY === 0);
  const plain = timed.map(({ content }) => ({
    ...packPlainly([content.samples], ZSTD),
    count: content.samples.length,
  }));
  const samples = sampleCount(timed);
  const decode = bestRate(() => {
    for (const { block } of timed) decodeRuns(block, ZSTD);
  });
  const decodePlainly = bestRate(() => {
    for (const { bytes, size, count } of plain) unpackPlainly(ZSTD.decompress(bytes, size), count);
  });
  const encode = bestRate(() => {
    for (const { content } of timed) encodeRuns([content], ZSTD);
  });
  const readings = readingCount(heartRates);
  const decodeRates = bestRate(() => {
    for (const { block } of heartRates) decodeReadings(block, ZSTD);
  });
  const encodeRates = bestRate(() => {
    for (const { content } of heartRates) encodeReadings(content, ZSTD);
  });

  const atLeast50 = { bound: 'atLeast', value: 50 } as const;
  const line = { bench: 'blocks', unit: 'million values/s' } as const;
  report.add({
    ...line,
    metric: 'waveform decoding in Node',
    value: (decode * samples) / 1e6,
    target: atLeast50,
    baseline: (decodePlainly * samples) / 1e6,
  });
  report.add({
    ...line,
    metric: 'heart rate decoding in Node',
    value: (decodeRates * readings) / 1e6,
    target: atLeast50,
  });
  report.add({ ...line, metric: 'waveform encoding in Node', value: (encode * samples) / 1e6 });
  report.add({
    ...line,
    metric: 'heart rate encoding in Node',
    value: (encodeRates * readings) / 1e6,
  });
}

/** What a live frame costs: a quarter of a second of one lead, and one reading. */
function weighSmallBlocks(report: Report, recordings: readonly Recording[]): void {
  const lead = recordings[0]?.leads[0];
  const rates = recordings[0]?.heartRates;
  assert.ok(lead !== undefined && rates !== undefined);
  const frame = { ...lead, samples: lead.samples.slice(0, 90) };
  const one = {
    stampsMs: rates.stampsMs.slice(0, 1),
    values: rates.values.slice(0, 1),
    flags: new Uint8Array(1),
  };
  const small = [
    { name: 'a frame of 90 samples', encode: () => unwrap(encodeRuns([frame], ZSTD)) },
    { name: 'one reading', encode: () => unwrap(encodeReadings(one, ZSTD)) },
  ];
  for (const { name, encode } of small) {
    const bench = 'blocks';
    report.add({ bench, metric: `${name}, size`, value: encode().length, unit: 'byte' });
    const microseconds = 1e6 / (bestRate(() => repeat(encode, 50)) * 50);
    report.add({ bench, metric: `${name}, encoding`, value: microseconds, unit: 'µs' });
  }
}

async function timeInChromium(report: Report, { waveforms, heartRates }: Packs): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    process.stderr.write(
      'No Chromium found, so the browser was not measured: set AUSCULTA_CHROMIUM.\n',
    );
    return;
  }
  const timed = waveforms.filter((_, index) => index % TIMED_EVERY === 0);
  const looped = loopedRecording(timed[0]?.content);
  const work: readonly PageWork[] = [
    { kind: 'waveform', blocks: timed.map(({ block }) => block) },
    { kind: 'readings', blocks: heartRates.map(({ block }) => block) },
    { kind: 'waveform', blocks: [looped.block] },
  ];
  const [runs, readings, compressed] = await measureInChromium(executablePath, work);
  assert.ok(runs !== undefined && readings !== undefined && compressed !== undefined);
  assert.equal(
    runs.checksum,
    sum(timed.map(({ content }) => content.samples)),
    'Chromium saw other samples',
  );
  assert.equal(
    readings.checksum,
    sum(heartRates.map(({ content }) => content.values)),
    'Chromium saw other rates',
  );
  assert.equal(
    compressed.checksum,
    sum([looped.content.samples]),
    'Chromium saw other samples below fzstd',
  );

  const atLeast20 = { bound: 'atLeast', value: 20 } as const;
  const lines = [
    { metric: 'waveform decoding in Chromium', result: runs },
    { metric: 'heart rate decoding in Chromium', result: readings },
    { metric: 'decoding of a looped waveform (compressed) in Chromium', result: compressed },
  ];
  for (const { metric, result } of lines) {
    report.add({
      bench: 'blocks',
      metric,
      value: result.valuesPerSecond / 1e6,
      unit: 'million values/s',
      target: atLeast20,
    });
  }
}

/** Real noise leaves zstd nothing to find; a loop of 4,096 samples, as a demo plays it, does. */
function loopedRecording(run: WaveformRun | undefined): Packed<WaveformRun> {
  assert.ok(run !== undefined);
  const content = { ...run, samples: run.samples.map((_, i) => run.samples[i % 4096] ?? 0) };
  const block = unwrap(encodeRuns([content], ZSTD));
  assert.notEqual((block[1] ?? 0) & 1, 0, 'the looped waveform is compressed');
  return { content, block };
}

function bytesOf(packed: readonly { readonly block: Uint8Array }[]): number {
  return packed.reduce((bytes, { block }) => bytes + block.length, 0);
}

function sampleCount(packed: readonly Packed<WaveformRun>[]): number {
  return packed.reduce((count, { content }) => count + content.samples.length, 0);
}

function readingCount(packed: readonly Packed<ReadingColumns>[]): number {
  return packed.reduce((count, { content }) => count + content.values.length, 0);
}

function sum(columns: readonly ArrayLike<number>[]): number {
  let total = 0;
  for (const values of columns)
    for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

function repeat(work: () => unknown, times: number): void {
  for (let i = 0; i < times; i++) work();
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
