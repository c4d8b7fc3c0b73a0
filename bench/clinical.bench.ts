// How right the clinical algorithms are, on recordings beside the project:
// `npm run bench -- clinical --json`; with `--write` docs/accuracy.md is written anew.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  matchBeats,
  predictivityOf,
  sensitivityOf,
} from '../packages/clinical/src/ecg/beat-matching.ts';
import { analyseEcg } from '../packages/clinical/src/ecg/ecg-analysis.ts';
import { expect } from '../packages/vitals/src/expect.ts';
import { sharedData } from '../tools/test-data.ts';
import { recordingReport } from './clinical/accuracy-page.ts';
import { type ClassCounts, evaluate, type RecordEvaluation } from './clinical/ecg-evaluation.ts';
import { REPORTING_RECORDS, readEcgRecord, TUNING_RECORDS } from './clinical/ecg-records.ts';
import { inWords, proportion } from './clinical/proportion.ts';
import { measureGlucose, measureScores } from './clinical/reference-vectors.ts';
import { openReport, type Report, type Target } from './report.ts';

const BENCH = 'clinical';
const PERCENT = 'percent';
const HARDEST = 2;

export async function main(args: readonly string[]): Promise<number> {
  const page = recordingReport(openReport(args));
  const { report } = page;
  measureScores(report);
  measureGlucose(report);
  const directory = sharedData('ecg-mitdb');
  if (directory === undefined) {
    process.stderr.write('The MIT-BIH recordings are absent: set AUSCULTA_SHARED_DIR.\n');
    return 1;
  }
  const tuned = TUNING_RECORDS.map((name) => evaluate(readEcgRecord(directory, name)));
  const reported = REPORTING_RECORDS.map((name) => evaluate(readEcgRecord(directory, name)));
  reportBeats(report, tuned, 'tuning part');
  reportBeats(report, reported, 'reporting part', atLeast(99.6));
  reportEachRecord(report, reported);
  measureNoise(report);
  reportClasses(report, tuned, 'tuning part');
  reportClasses(report, reported, 'reporting part', atLeast(90));
  reportFibrillation(report, [...tuned, ...reported]);
  reportSpeed(report, [...tuned, ...reported]);
  if (args.includes('--write')) page.write();
  return report.exitCode();
}

function atLeast(value: number): Target {
  return { bound: 'atLeast', value };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function reportBeats(
  report: Report,
  evaluations: readonly RecordEvaluation[],
  part: string,
  target?: Target,
): void {
  const found = sum(evaluations.map(({ agreement }) => agreement.truePositives));
  const missed = sum(evaluations.map(({ agreement }) => agreement.falseNegatives));
  const invented = sum(evaluations.map(({ agreement }) => agreement.falsePositives));
  addShare(report, `QRS sensitivity, MIT-BIH ${part}`, found, found + missed, target);
  addShare(report, `QRS predictivity, MIT-BIH ${part}`, found, found + invented, target);
}

function addShare(report: Report, name: string, count: number, of: number, target?: Target): void {
  const value = of === 0 ? 0 : (100 * count) / of;
  const metric = `${name}: ${inWords(proportion(count, of))}`;
  const line = { bench: BENCH, metric, value, unit: PERCENT };
  report.add(target === undefined ? line : { ...line, target });
}

/** The worse of both figures; the hardest two records are told without a target. */
function reportEachRecord(report: Report, evaluations: readonly RecordEvaluation[]): void {
  const worst = evaluations
    .map(({ name, agreement }) => ({
      name,
      agreement,
      value: 100 * Math.min(sensitivityOf(agreement), predictivityOf(agreement)),
    }))
    .sort((one, other) => one.value - other.value);
  for (const [place, { name, agreement, value }] of worst.entries()) {
    const { falseNegatives, falsePositives } = agreement;
    const metric = `QRS of record ${name}, the worse figure (${falseNegatives} missed, ${falsePositives} invented)`;
    const line = { bench: BENCH, metric, value, unit: PERCENT };
    report.add(place < HARDEST ? line : { ...line, target: atLeast(98.5) });
  }
}

/** One lead with electrode motion from the first second on, so nothing is skipped. */
function measureNoise(report: Report): void {
  const directory = sharedData('ecg-noise-stress');
  if (directory === undefined) return;
  for (const decibels of [24, 12, 0]) {
    const name = `118e${String(decibels).padStart(2, '0')}`;
    const lead = numbersIn(join(directory, `${name}.csv`));
    const reference = numbersIn(join(directory, `${name}_ann.csv`));
    const found = analyseEcg({ rateHz: 360, leads: [lead] });
    expect(found.ok, 'the noise stress extracts are 360 Hz, one lead');
    const detected = found.value.beats.map(({ sample }) => sample);
    const agreement = matchBeats({ reference, detected, rateHz: 360, skipSeconds: 0 });
    const { truePositives: hits, falseNegatives, falsePositives } = agreement;
    const target = decibels === 12 ? atLeast(98) : undefined;
    addShare(report, `QRS sensitivity, noise stress ${name}`, hits, hits + falseNegatives, target);
    addShare(report, `QRS predictivity, noise stress ${name}`, hits, hits + falsePositives, target);
  }
}

function numbersIn(file: string): Float64Array {
  const values = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
  return Float64Array.from(values.filter(Number.isFinite));
}

function reportClasses(
  report: Report,
  evaluations: readonly RecordEvaluation[],
  part: string,
  target?: Target,
): void {
  const total = (key: 'ventricular' | 'supraventricular', count: keyof ClassCounts) =>
    sum(evaluations.map((evaluation) => evaluation[key][count]));
  const add = (kind: 'ventricular' | 'supraventricular', bound?: Target) => {
    const hits = total(kind, 'hit');
    addShare(report, `${kind} beats, sensitivity, ${part}`, hits, total(kind, 'reference'), bound);
    addShare(report, `${kind} beats, predictivity, ${part}`, hits, total(kind, 'called'), bound);
  };
  add('ventricular', target);
  // Too few patients for a mark: told, not judged.
  add('supraventricular');
}

function reportFibrillation(report: Report, evaluations: readonly RecordEvaluation[]): void {
  for (const { name, fibrillation } of evaluations) {
    const { reference, called, both, total } = fibrillation;
    if (reference > 0)
      addShare(report, `atrial fibrillation of record ${name}, seconds found`, both, reference);
    const invented = called - both;
    if (invented > 0 || reference > 0) {
      const calm = total - reference;
      addShare(report, `record ${name}, seconds without it called so`, invented, calm);
    }
  }
}

function reportSpeed(report: Report, evaluations: readonly RecordEvaluation[]): void {
  const speeds = evaluations.map(({ speed }) => speed).sort((one, other) => one - other);
  const value = speeds[Math.floor(speeds.length / 2)] ?? 0;
  const metric = 'analysis of two 360 Hz leads, median over the records';
  report.add({ bench: BENCH, metric, value, unit: 'times real time', target: atLeast(2000) });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
