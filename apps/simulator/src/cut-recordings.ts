// Cuts the demo's recordings out of the originals: `node apps/simulator/src/cut-recordings.ts`.
// The originals lie in AUSCULTA_SHARED_DIR (default ../shared); the cuts are part of the project, so
// this runs only when a cut is changed. Every sample and annotation is kept as it was.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWfdbHeader, readWfdbSignals, type WfdbHeader } from '@ausculta/codecs/wfdb';
import {
  readWfdbAnnotations,
  type WfdbAnnotation,
  writeWfdbAnnotations,
} from '@ausculta/codecs/wfdb-annotations';
import { type WfdbRecord, writeWfdbHeader, writeWfdbSignals } from '@ausculta/codecs/wfdb-writer';
import { expect } from '@ausculta/vitals/expect';
import type { Result } from '@ausculta/vitals/fault';
import { BIDMC_CUT, type Cut, FIXTURE_CUT, MIT_BIH_CUTS } from './cuts.ts';
import { findCycles, smooth } from './cycles.ts';
import { beatSamples, cutAnnotations, restToRest, type Span } from './record-cut.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DATA = join(resolve(ROOT, process.env.AUSCULTA_SHARED_DIR ?? '../shared'), 'data');
const RECORDINGS = join(ROOT, 'apps/simulator/recordings');
const FIXTURES = join(ROOT, 'packages/codecs/src/fixtures');
const LICENCE = 'Open Data Commons Attribution License v1.0; see README.md beside this file';

interface Original {
  readonly header: WfdbHeader;
  readonly signals: readonly Int32Array[];
  readonly annotations: readonly WfdbAnnotation[];
}

function mitBih(record: string): Original {
  const file = (ending: string) => readFileSync(join(DATA, 'ecg-mitdb', `${record}.${ending}`));
  const header = unwrap(readWfdbHeader(file('hea').toString('utf8')));
  const signals = unwrap(readWfdbSignals(header, new Map([[`${record}.dat`, file('dat')]])));
  return { header, signals, annotations: unwrap(readWfdbAnnotations(file('atr'))) };
}

function cutMitBih(cut: Omit<Cut, 'shows'>, target: { folder: string; name: string }): void {
  const { header, signals, annotations } = mitBih(cut.record);
  const rateHz = header.rate.numerator / header.rate.denominator;
  const wished = { from: cut.fromS * rateHz, until: (cut.fromS + cut.lengthS) * rateHz };
  const span = restToRest(beatSamples(annotations), wished);
  expect(span !== undefined, `record ${cut.record} has beats around both ends of its cut`);
  write(target.folder, {
    record: {
      recordName: target.name,
      rate: header.rate,
      signals: header.signals.map((signal, index) => ({
        ...signal,
        samples: signals[index]?.slice(span.from, span.until) ?? new Int32Array(0),
      })),
      comments: [
        ...header.comments,
        `MIT-BIH Arrhythmia Database 1.0.0, record ${cut.record}, ${words(span)}`,
        LICENCE,
      ],
    },
    annotations: cutAnnotations(annotations, span),
  });
}

/** Names and scales of the five columns; as integers of these scales the text holds them exactly. */
const BIDMC_SIGNALS = [
  { column: 5, description: 'II', gain: 510, resolutionBits: 10 },
  { column: 3, description: 'V', gain: 510, resolutionBits: 10 },
  { column: 4, description: 'AVR', gain: 510, resolutionBits: 10 },
  { column: 2, description: 'PLETH', gain: 1023, resolutionBits: 10 },
  { column: 1, description: 'RESP', gain: 1023, resolutionBits: 10 },
] as const;
const BIDMC_RATE_HZ = 125;
const RESP_CHANNEL = 4;
/** The text has five significant digits, and traces reach 1.5: half a step of its last digit. */
const TEXT_ROUNDING = 0.00005;

function cutBidmc(): void {
  const text = readFileSync(join(DATA, 'vitals-bidmc/bidmc_01_Signals.csv'), 'utf8');
  const rows = text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',').map(Number));
  const all = BIDMC_SIGNALS.map(({ column, gain }) =>
    Int32Array.from(rows, (row) => exactly((row[column] ?? Number.NaN) * gain, gain)),
  );
  const found = bidmcCycles(all);
  const wished = { from: 2 * BIDMC_RATE_HZ, until: BIDMC_CUT.lengthS * BIDMC_RATE_HZ };
  const span = restToRest(beatSamples(found), wished);
  expect(span !== undefined, 'the BIDMC recording has beats around both ends of its cut');
  write(RECORDINGS, {
    record: {
      recordName: BIDMC_CUT.record,
      rate: { numerator: BIDMC_RATE_HZ, denominator: 1 },
      signals: BIDMC_SIGNALS.map((signal, index) => ({
        ...signal,
        samples: all[index]?.slice(span.from, span.until) ?? new Int32Array(0),
        baseline: 0,
        unit: 'NU',
      })),
      comments: [
        'All signals are normalised (unit NU): none is in mV, percent or ohm',
        'Beats and breaths in the .atr were found by apps/simulator/src/cycles.ts, not by a person',
        `BIDMC PPG and Respiration Dataset 1.0.0, recording 01, ${words(span)}`,
        LICENCE,
      ],
    },
    annotations: cutAnnotations(found, span),
  });
}

/** Beats as 'Q' (a beat that nobody classified), breaths as notes on the channel of respiration. */
function bidmcCycles(signals: readonly Int32Array[]): WfdbAnnotation[] {
  const mark = { subtype: 0, number: 0 };
  const ecg = Float64Array.from(signals[0] ?? []);
  const resp = smooth(Float64Array.from(signals[RESP_CHANNEL] ?? []), 20);
  const beats = findCycles(ecg, {
    refractorySamples: 40,
    risesTo: 0.6,
    fallsTo: 0.4,
    rangeSamples: 250,
  });
  const breaths = findCycles(resp, {
    refractorySamples: 150,
    risesTo: 0.6,
    fallsTo: 0.4,
    rangeSamples: 625,
  });
  return [
    ...beats.map((sample) => ({ ...mark, sample, symbol: 'Q', channel: 0, aux: '' })),
    ...breaths.map((sample) => ({
      ...mark,
      sample,
      symbol: '"',
      channel: RESP_CHANNEL,
      aux: 'breath',
    })),
  ].sort((a, b) => a.sample - b.sample);
}

function exactly(scaled: number, gain: number): number {
  const sample = Math.round(scaled);
  expect(
    Math.abs(scaled - sample) <= gain * TEXT_ROUNDING,
    'a scale holds its column without loss',
  );
  return sample;
}

function write(
  folder: string,
  cut: { record: WfdbRecord; annotations: readonly WfdbAnnotation[] },
): void {
  const { record, annotations } = cut;
  const file = (ending: string) => join(folder, `${record.recordName}.${ending}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file('hea'), writeWfdbHeader(record));
  writeFileSync(
    file('dat'),
    unwrap(writeWfdbSignals(record.signals.map(({ samples }) => samples))),
  );
  writeFileSync(file('atr'), unwrap(writeWfdbAnnotations(annotations)));
}

function words({ from, until }: Span): string {
  return `samples ${from} to ${until - 1} (counted from 0)`;
}

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail ?? ''}`);
  return result.value;
}

for (const cut of MIT_BIH_CUTS) {
  cutMitBih(cut, { folder: RECORDINGS, name: `mitbih${cut.record}` });
}
cutMitBih(FIXTURE_CUT, { folder: FIXTURES, name: 'wfdb-203' });
cutBidmc();
process.stdout.write(`Cut ${MIT_BIH_CUTS.length + 1} recordings into ${RECORDINGS}\n`);
