// The MIT-BIH recordings at hand, with their reference beats, and the split that stays as it is: every
// second record by number was for tuning, the others are for reporting alone. No threshold was chosen
// by looking at the beats of the reporting part.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readWfdbHeader, readWfdbSignals } from '../../packages/codecs/src/wfdb.ts';
import {
  isBeat,
  readWfdbAnnotations,
  type WfdbAnnotation,
} from '../../packages/codecs/src/wfdb-annotations.ts';
import { expect } from '../../packages/vitals/src/expect.ts';
import type { Result } from '../../packages/vitals/src/fault.ts';

export const TUNING_RECORDS = ['100', '105', '108', '118', '200', '208', '222'];
export const REPORTING_RECORDS = ['103', '106', '111', '119', '203', '219'];

export interface EcgRecord {
  readonly name: string;
  readonly rateHz: number;
  /** mV */
  readonly leads: readonly Float64Array[];
  readonly annotations: readonly WfdbAnnotation[];
  readonly beats: readonly WfdbAnnotation[];
  /** Ventricular flutter or fibrillation, which EC57 leaves out. */
  readonly flutter: readonly { readonly from: number; readonly to: number }[];
}

export function namesIn(directory: string): string[] {
  const headers = readdirSync(directory).filter((file) => file.endsWith('.hea'));
  return headers.map((file) => file.replace('.hea', '')).sort();
}

export function readEcgRecord(directory: string, name: string): EcgRecord {
  const read = (extension: string) => readFileSync(join(directory, `${name}.${extension}`));
  const header = unwrap(readWfdbHeader(read('hea').toString('latin1')));
  const samples = unwrap(readWfdbSignals(header, new Map([[`${name}.dat`, read('dat')]])));
  const annotations = unwrap(readWfdbAnnotations(read('atr')));
  return {
    name,
    rateHz: header.rate.numerator / header.rate.denominator,
    leads: samples.map((values, lead) => {
      const { gain = 200, baseline = 0 } = header.signals[lead] ?? {};
      return Float64Array.from(values, (value) => (value - baseline) / gain);
    }),
    annotations,
    beats: annotations.filter(isBeat),
    flutter: flutterOf(annotations, header.frameCount),
  };
}

/** WFDB writes '[' where it begins and ']' where it ends. */
function flutterOf(annotations: readonly WfdbAnnotation[], until: number) {
  const begins = annotations.filter(({ symbol }) => symbol === '[');
  return begins.map(({ sample: from }) => {
    const end = annotations.find(({ symbol, sample }) => symbol === ']' && sample >= from);
    return { from, to: end?.sample ?? until };
  });
}

function unwrap<T>(result: Result<T>): T {
  expect(result.ok, 'the bench reads only what is sound');
  return result.value;
}
