import type { WaveformRun } from '@ausculta/vitals/waveform';
import { scaleValues } from './decimals.ts';

type Scaled = Pick<WaveformRun, 'samples' | 'gain' | 'zero'>;

/** The run's samples in its metric's canonical unit. */
export function toValues({ samples, gain, zero }: Scaled): Float64Array<ArrayBuffer> {
  const values = new Float64Array(samples.length);
  for (let i = 0; i < samples.length; i++) values[i] = ((samples[i] as number) - zero) / gain;
  return values;
}

/**
 * Integer samples and a gain that give exactly these values back, for languages that only speak in
 * decimals (CSV, FHIR SampledData). Undefined when no such gain is found: the caller then decides
 * what precision its source really had.
 */
export function fromValues(values: Float64Array): Scaled | undefined {
  return fromDecimals(values) ?? fromSmallestStep(values);
}

/** 0.005 mV steps are three decimals, and thousandths in fives: a gain of 200. */
function fromDecimals(values: Float64Array): Scaled | undefined {
  const scaled = scaleValues(values);
  if (scaled === undefined) return undefined;
  const power = 10 ** scaled.decimals;
  const divisor = scaled.integers.reduce(greatestDivisor, power);
  return scaledBy(values, power / divisor);
}

/** A normalised signal such as n / 1023 has no short decimals, but its smallest step betrays it. */
function fromSmallestStep(values: Float64Array): Scaled | undefined {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < values.length; i++) {
    const step = Math.abs((values[i] as number) - (values[i - 1] as number));
    if (step > 0 && step < smallest) smallest = step;
  }
  return scaledBy(values, Math.round(1 / smallest));
}

function scaledBy(values: Float64Array, gain: number): Scaled | undefined {
  if (!(gain >= 1) || !Number.isSafeInteger(gain)) return undefined;
  const samples = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const sample = Math.round(value * gain) | 0;
    if (!Object.is(sample / gain, value)) return undefined;
    samples[i] = sample;
  }
  return { samples, gain, zero: 0 };
}

function greatestDivisor(a: number, b: number): number {
  let divisor = Math.abs(a);
  let rest = Math.abs(b);
  while (rest !== 0) {
    const next = divisor % rest;
    divisor = rest;
    rest = next;
  }
  return divisor;
}
