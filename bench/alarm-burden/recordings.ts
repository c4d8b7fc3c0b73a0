// Recordings as beats: by their annotations where there are any that say something of the heart, and by our own
// detector where there are none. Only what lies beside the project is read; nothing of it is kept.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyseEcg } from '../../packages/clinical/src/ecg/ecg-analysis.ts';
import { expect } from '../../packages/vitals/src/expect.ts';
import { namesIn, readEcgRecord } from '../clinical/ecg-records.ts';

export interface Beat {
  readonly atS: number;
  readonly isVentricular: boolean;
}

export interface Recording {
  readonly name: string;
  readonly seconds: number;
  readonly beats: readonly Beat[];
  /** Where cardiologists wrote that a ventricular tachycardia begins. */
  readonly tachycardias: readonly number[];
}

/** Premature ventricular, and ventricular escape. */
const VENTRICULAR = 'VE';

export function mitBih(directory: string): Recording[] {
  return namesIn(directory).map((name) => {
    const { rateHz, leads, beats, annotations } = readEcgRecord(directory, name);
    const rhythms = annotations.filter(({ symbol, aux }) => symbol === '+' && aux === '(VT');
    return {
      name,
      seconds: (leads[0]?.length ?? 0) / rateHz,
      beats: beats.map(({ sample, symbol }) => {
        return { atS: sample / rateHz, isVentricular: VENTRICULAR.includes(symbol) };
      }),
      tachycardias: rhythms.map(({ sample }) => sample / rateHz),
    };
  });
}

const NOISE_HZ = 360;
const NOISE_RECORDS = ['118e24', '118e12', '118e00'];

/** One record under three strengths of noise: annotated, and as our detector hears it. */
export function noiseStress(directory: string): { annotated: Recording[]; detected: Recording[] } {
  const lead = (name: string) => numbersIn(join(directory, `${name}.csv`));
  const annotated = NOISE_RECORDS.map((name): Recording => {
    const marks = numbersIn(join(directory, `${name}_ann.csv`));
    const beats = [...marks].map((sample) => ({ atS: sample / NOISE_HZ, isVentricular: false }));
    return { name, seconds: lead(name).length / NOISE_HZ, beats, tachycardias: [] };
  });
  const detected = NOISE_RECORDS.map((name) => heard(name, lead(name), NOISE_HZ));
  return { annotated, detected };
}

const BIDMC_HZ = 125;

/** The second lead of subject 01. */
export function bidmc(directory: string): Recording[] {
  const text = readFileSync(join(directory, 'bidmc_01_Signals.csv'), 'utf8').trim();
  const [head = '', ...rows] = text.split('\n');
  const column = head.split(',').findIndex((name) => name.trim() === 'II');
  expect(column >= 0, 'the recording has a second lead');
  const lead = Float64Array.from(rows, (row) => Number(row.split(',')[column]));
  return [heard('bidmc01', lead, BIDMC_HZ)];
}

function heard(name: string, lead: Float64Array, rateHz: number): Recording {
  const found = analyseEcg({ rateHz, leads: [lead] });
  expect(found.ok, 'the recordings have a rate that can be analysed');
  const beats = found.value.beats.map(({ time, class: kind }) => {
    return { atS: time, isVentricular: kind === 'V' };
  });
  return { name, seconds: lead.length / rateHz, beats, tachycardias: [] };
}

function numbersIn(file: string): Float64Array {
  const values = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
  return Float64Array.from(values.filter(Number.isFinite));
}
