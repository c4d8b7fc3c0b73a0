// What a reading costs on the disk: `npm run bench -- storage [--json]`. Each kind of series is lived
// through as a server lives it: a flush a minute, chunks merged as they become due, the database vacuumed
// as often as autovacuum would. Then the whole database is weighed: tables, indexes, roll-ups, patients
// and devices, all but the write-ahead log and what an empty database weighs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WaveformRun } from '../packages/vitals/src/waveform.ts';
import { sharedData } from '../tools/test-data.ts';
import { type Recording, readRecordings } from './blocks/recordings.ts';
import { openReport, type Report } from './report.ts';
import { live, type Scene } from './storage/life.ts';

const BENCH = 'storage';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

export async function main(args: readonly string[]): Promise<number> {
  const directory = sharedData('ecg-mitdb');
  if (directory === undefined) {
    process.stderr.write('The MIT-BIH recordings are absent: set AUSCULTA_SHARED_DIR.\n');
    return 1;
  }
  const report = openReport(args);
  const load = loadavg()[0] ?? Number.NaN;
  report.add({ bench: BENCH, metric: 'load of the machine', value: load, unit: 'processes' });
  const recordings = readRecordings(directory);
  const rates = realRates(recordings);
  const meter = rates.map((rate) => Math.round(rate * 1.7 + 20));

  await weigh(report, 'heart rates at 1 Hz', 0.8, {
    patients: 10,
    metrics: ['heart-rate'],
    flushEveryMs: MINUTE_MS,
    untilMs: START_MS + 8 * DAY_MS,
    startMs: START_MS,
    readings: (patient) => ({ everyMs: 1_000, values: rates, skip: patient * 1_777 }),
  });
  const ecg = await weigh(report, 'MIT-BIH ECG', 0.63, {
    patients: recordings.length,
    metrics: ['ecg-ii', 'ecg-v1'],
    flushEveryMs: MINUTE_MS,
    untilMs: START_MS + 120 * MINUTE_MS,
    startMs: START_MS,
    run: (patient, lead) => recordings[patient]?.leads[lead] as WaveformRun,
  });
  reportFlac(report, recordings, ecg);
  // As what is worn at home sends them: ten at a time.
  await weigh(report, 'one reading a minute', 4, {
    patients: 40,
    metrics: ['heart-rate'],
    flushEveryMs: 10 * MINUTE_MS,
    untilMs: START_MS + 28 * DAY_MS,
    startMs: START_MS,
    readings: (patient) => ({ everyMs: MINUTE_MS, values: rates, skip: patient * 1_777 }),
  });
  await weigh(report, 'four readings a day', 60, {
    patients: 100,
    metrics: ['glucose-capillary'],
    flushEveryMs: DAY_MS / 4,
    untilMs: START_MS + 360 * DAY_MS,
    startMs: START_MS,
    // No recording lasts a year: as many digits, and as far apart, as a meter's.
    readings: (patient) => ({ everyMs: DAY_MS / 4, values: meter, skip: patient * 1_777 }),
  });
  return report.exitCode();
}

/** The heart rates of all recordings, one after the other. */
function realRates(recordings: readonly Recording[]): Float64Array {
  const values = recordings.flatMap(({ heartRates }) => [...heartRates.values]);
  return Float64Array.from(values);
}

async function weigh(report: Report, what: string, atMost: number, scene: Scene): Promise<number> {
  const { bytes, values, chunks, openChunks } = await live(scene);
  const each = scene.run === undefined ? 'reading' : 'sample';
  report.add({
    bench: BENCH,
    metric: `${what}, whole database`,
    value: Number((bytes / values).toFixed(3)),
    unit: `byte/${each}`,
    target: { bound: 'atMost', value: atMost },
  });
  report.add({ bench: BENCH, metric: `${what}, how many`, value: values, unit: `${each}s` });
  report.add({ bench: BENCH, metric: `${what}, chunks`, value: chunks, unit: 'chunks' });
  report.add({
    bench: BENCH,
    metric: `${what}, still to merge`,
    value: openChunks,
    unit: 'chunks',
  });
  return bytes / values;
}

/** FLAC at its best, of the same samples as 16-bit sound; where the program is there. */
function reportFlac(report: Report, recordings: readonly Recording[], ours: number): void {
  if (spawnSync('flac', ['--version']).error !== undefined) {
    process.stderr.write('flac is not installed, so its size is not printed beside ours.\n');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-flac-'));
  let bytes = 0;
  let samples = 0;
  for (const { leads } of recordings) {
    const raw = join(folder, 'lead.raw');
    for (const lead of leads) {
      writeFileSync(raw, Int16Array.from(lead.samples));
      const form = [
        '--force-raw-format',
        '--endian=little',
        '--channels=1',
        '--bps=16',
        '--sign=signed',
      ];
      const flac = spawnSync('flac', [
        '-8',
        '-s',
        '-f',
        ...form,
        '--sample-rate=360',
        raw,
        '-o',
        `${raw}.flac`,
      ]);
      if (flac.status !== 0) throw new Error(String(flac.stderr));
      bytes += statSync(`${raw}.flac`).size;
      samples += lead.samples.length;
    }
  }
  rmSync(folder, { recursive: true });
  report.add({
    bench: BENCH,
    metric: 'FLAC -8 of the same samples, files alone',
    value: Number((bytes / samples).toFixed(3)),
    unit: 'byte/sample',
    baseline: Number(ours.toFixed(3)),
  });
}
