// What the electrocardiogram analysis finds on a recording, against its reference.

import { type BeatAgreement, matchBeats } from '../../packages/clinical/src/ecg/beat-matching.ts';
import { analyseEcg, type EcgFindings } from '../../packages/clinical/src/ecg/ecg-analysis.ts';
import { expect } from '../../packages/vitals/src/expect.ts';
import type { EcgRecord } from './ecg-records.ts';

export interface ClassCounts {
  /** Reference beats of the class that were found, and how many of them were called so. */
  readonly reference: number;
  readonly hit: number;
  /** Beats called so, those whose reference EC57 does not count as a mistake left out. */
  readonly called: number;
}

export interface RecordEvaluation {
  readonly name: string;
  readonly agreement: BeatAgreement;
  readonly ventricular: ClassCounts;
  readonly supraventricular: ClassCounts;
  readonly fibrillation: Overlap;
  /** How many times faster than real time. */
  readonly speed: number;
  readonly findings: EcgFindings;
}

/** Seconds, after the learning time. */
export interface Overlap {
  readonly reference: number;
  readonly called: number;
  readonly both: number;
  readonly total: number;
}

const LEARNING_SECONDS = 300;

/** AAMI EC57's classes of MIT-BIH's symbols. */
const AAMI_CLASS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['N', 'NLRej'],
    ['S', 'AaJSn'],
    ['V', 'VEr'],
    ['F', 'F'],
    ['Q', '/fQ?B'],
  ].flatMap(([name = '', symbols = '']) => [...symbols].map((symbol) => [symbol, name])),
);

export function evaluate(record: EcgRecord): RecordEvaluation {
  const { rateHz, leads } = record;
  const startedMs = performance.now();
  const findings = analyseEcg({ rateHz, leads });
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  expect(findings.ok, 'the recordings have a rate and leads that can be analysed');
  const agreement = matchBeats({
    reference: record.beats.map(({ sample }) => sample),
    detected: findings.value.beats.map(({ sample }) => sample),
    rateHz,
    excluded: record.flutter,
  });
  return {
    name: record.name,
    agreement,
    ventricular: countClass('V', { record, findings: findings.value, agreement }),
    supraventricular: countClass('S', { record, findings: findings.value, agreement }),
    fibrillation: overlapOf(record, findings.value),
    speed: (leads[0]?.length ?? 0) / rateHz / elapsedSeconds,
    findings: findings.value,
  };
}

/** A missed beat of the class is a miss of the class too; a beat that is none is called in vain. */
function countClass(
  kind: 'V' | 'S',
  input: { record: EcgRecord; findings: EcgFindings; agreement: BeatAgreement },
): ClassCounts {
  const { record, findings, agreement } = input;
  const classOf = (at: number) => AAMI_CLASS[record.beats[at]?.symbol ?? ''] ?? 'Q';
  const isLate = (sample: number) => sample >= LEARNING_SECONDS * record.rateHz;
  const reference = record.beats.filter(
    ({ sample }, at) => isLate(sample) && classOf(at) === kind,
  ).length;
  const pairs = agreement.pairs.map((pair) => ({
    reference: classOf(pair.reference),
    called: findings.beats[pair.detected]?.class,
  }));
  const hit = pairs.filter((pair) => pair.reference === kind && pair.called === kind).length;
  // EC57: a fusion or unclassifiable beat called ventricular is no mistake, and no hit either.
  const isForgiven = (name: string) => name === 'Q' || (name === 'F' && kind === 'V');
  const calledOnBeats = pairs.filter(
    (pair) => pair.called === kind && !isForgiven(pair.reference),
  ).length;
  const matched = new Set(agreement.pairs.map(({ detected }) => detected));
  const calledOnNothing = findings.beats.filter(
    (beat, at) => beat.class === kind && isLate(beat.sample) && !matched.has(at),
  ).length;
  return { reference, hit, called: calledOnBeats + calledOnNothing };
}

/** Second by second. Atrial flutter is not fibrillation, and neither counts it as such. */
function overlapOf(record: EcgRecord, findings: EcgFindings): Overlap {
  const { rateHz } = record;
  const rhythms = record.annotations.filter(({ symbol, aux }) => symbol === '+' && aux !== '');
  const seconds = Math.floor((record.leads[0]?.length ?? 0) / rateHz);
  const called = findings.rhythm.filter(({ kind }) => kind === 'atrial-fibrillation');
  const counts = { reference: 0, called: 0, both: 0, total: 0 };
  for (let second = LEARNING_SECONDS; second < seconds; second++) {
    const at = (second + 0.5) * rateHz;
    const isReference = rhythms.findLast(({ sample }) => sample <= at)?.aux === '(AFIB';
    const isCalled = called.some(({ from, to }) => from <= at && at <= to);
    counts.total += 1;
    if (isReference) counts.reference += 1;
    if (isCalled) counts.called += 1;
    if (isReference && isCalled) counts.both += 1;
  }
  return counts;
}
