// What FHIR costs a core before anything is stored: Observations checked, told apart, indexed and
// written, searches read. `npm run bench -- fhir-codec --json`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Observation } from '@medplum/fhirtypes';
import { loadDefinitions } from '../packages/fhir/src/definitions.ts';
import { type PlacedReading, toObservations } from '../packages/fhir/src/observation.ts';
import { observationTexts } from '../packages/fhir/src/observation-text.ts';
import { readObservation } from '../packages/fhir/src/observed-reading.ts';
import { isPlainObservation } from '../packages/fhir/src/plain-observation.ts';
import { evaluateByLibrary } from '../packages/fhir/src/search-expression.ts';
import { searchIndexer } from '../packages/fhir/src/search-rows.ts';
import { parseSearch } from '../packages/fhir/src/search-url.ts';
import { validate } from '../packages/fhir/src/validation.ts';
import type { DeviceId, SubjectId } from '../packages/vitals/src/identity.ts';
import { metricOf } from '../packages/vitals/src/lookup.ts';
import { bestRate } from './blocks/stopwatch.ts';
import { openReport } from './report.ts';

const DEFINITIONS = new URL('../packages/fhir/generated/r4.json', import.meta.url);
const SEARCH = 'subject=Patient/7&code=http://loinc.org|8867-4&date=ge2026-03-01&_sort=-date';

const READINGS: readonly PlacedReading[] = ['heart-rate', 'spo2', 'nibp-systolic'].map((key) => ({
  metric: metricOf(key),
  ...{ subjectId: '7' as SubjectId, deviceId: 'monitor-7' as DeviceId, epoch: 1 },
  ...{ stampMs: 1_772_352_000_000, timeMs: 1_772_352_000_000, value: 97, flags: 0 },
}));

/** A patient's heart rate, second by second: what a search for a page of it sends. */
const HUNDRED = Array.from({ length: 100 }, (_, second) => ({
  ...(READINGS[0] as PlacedReading),
  ...{ stampMs: second * 1000, timeMs: second * 1000, value: 60 + (second % 7) },
}));

interface Work {
  readonly name: string;
  readonly run: (observation: Observation) => unknown;
  /** The same by the library alone, for comparison. */
  readonly plainly?: (observation: Observation) => unknown;
  readonly atLeast?: number;
  /** How many one run does. */
  readonly each?: number;
}

/** A missed target is said in its line and does not fail the bench; a wrong answer does. */
export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  const startedMs = performance.now();
  const definitions = loadDefinitions(JSON.parse(readFileSync(DEFINITIONS, 'utf8')));
  definitions.prepare(['Observation']);
  const loadMs = Math.round(performance.now() - startedMs);
  const target = { bound: 'atMost', value: 500 } as const;
  report.add({
    bench: 'fhir-codec',
    metric: 'definitions loaded',
    value: loadMs,
    unit: 'ms',
    target,
  });
  const rowsOf = searchIndexer(definitions);
  const slowRowsOf = searchIndexer(definitions, evaluateByLibrary);
  const options = { definitions, nowMs: 0, baseUrl: undefined, isStrict: true };
  const observations = toObservations(READINGS);
  assert.ok(observations.every((one) => validate(definitions, one).length === 0));
  const works: readonly Work[] = [
    {
      name: 'Observations checked',
      run: (one) => assert.ok(isPlainObservation(one)),
      plainly: (one) => validate(definitions, one),
      atLeast: 100_000,
    },
    {
      name: 'Observations told to be readings',
      run: (one) => assert.equal(readObservation(one).kind, 'readings'),
    },
    {
      name: 'Observations indexed',
      run: (one) => assert.ok(rowsOf(one).length > 5),
      plainly: slowRowsOf,
    },
    {
      name: 'Observations written from readings, a hundred at once',
      run: () => assert.ok(observationTexts(HUNDRED).length === HUNDRED.length),
      plainly: () => toObservations(HUNDRED).map((made) => JSON.stringify(made)),
      each: HUNDRED.length,
    },
    {
      name: 'searches read',
      run: () => assert.ok(parseSearch('Observation', new URLSearchParams(SEARCH), options).ok),
    },
  ];
  for (const { name, run, plainly, atLeast, each = 1 } of works) {
    const perSecond = (work: (observation: Observation) => unknown) =>
      Math.round(
        bestRate(() => observations.forEach((one) => void work(one))) * observations.length * each,
      );
    report.add({
      ...{ bench: 'fhir-codec', metric: name, value: perSecond(run), unit: '1/s' },
      ...(atLeast !== undefined && { target: { bound: 'atLeast', value: atLeast } as const }),
      ...(plainly && { baseline: perSecond(plainly) }),
    });
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
