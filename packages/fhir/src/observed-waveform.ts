/**
 * The traces in an Observation that somebody sent. It stays a document, for SampledData can be written
 * in many ways; what it shows is known all the same, and can be stored and drawn.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { findUnit } from '@ausculta/vitals/units';
import type { SampleRate, WaveformRun } from '@ausculta/vitals/waveform';
import type { CodeableConcept, Observation, SampledData } from '@medplum/fhirtypes';
import { flagsOf, metricOfCode } from './observed-metric.ts';
import { SYSTEM } from './systems.ts';

/** Runs whose samples are all numbers, of waveforms that the catalogue knows, with a known beginning. */
export function runsIn(observation: Observation): WaveformRun[] {
  const { effectiveDateTime, effectivePeriod, component = [] } = observation;
  const startMs = Date.parse(effectivePeriod?.start ?? effectiveDateTime ?? '');
  const flags = flagsOf(observation);
  if (!Number.isInteger(startMs) || flags === undefined) return [];
  return [observation, ...component].flatMap(({ code, valueSampledData }) => {
    const run = valueSampledData && runOf(code, valueSampledData);
    return run === undefined ? [] : [{ ...run, startMs, flags }];
  });
}

function runOf(
  code: CodeableConcept,
  data: SampledData,
): Omit<WaveformRun, 'startMs' | 'flags'> | undefined {
  const metric = metricOfCode(code)?.metric;
  const rate = rateOf(data.period);
  const unit = metric && unitOf(metric, data);
  const numbers = samplesOf(data.data);
  if (metric?.kind !== 'waveform' || !rate || !unit || !numbers || data.dimensions !== 1) return;
  // value = sample / scale * factor + origin, and ours is (sample - zero) / gain.
  const step = ((data.factor ?? 1) * unit) / numbers.scale;
  if (step <= 0) return undefined;
  const zero = -((data.origin.value ?? 0) * unit) / step;
  return {
    metric: metric.key,
    rate,
    samples: numbers.samples,
    gain: plain(1 / step),
    zero: plain(zero) + 0,
  };
}

/** How many of the metric's unit one of the sender's is; an offset would not be a scale. */
function unitOf(metric: Metric, { origin: { system, code } }: SampledData): number | undefined {
  if (system !== SYSTEM.UCUM || code === undefined) return undefined;
  if (code === metric.unit) return 1;
  const found = findUnit(metric, code);
  return found?.offset === 0 ? found.factor : undefined;
}

const DECIMALS_MAX = 6;

/** Integers, or decimals brought to integers. "E", "L" and "U" are gaps, which a run cannot have. */
function samplesOf(
  data: string | undefined,
): { readonly samples: Int32Array; readonly scale: number } | undefined {
  const words = (data ?? '').trim().split(/\s+/);
  let decimals = 0;
  for (const word of words) {
    if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(word)) return undefined;
    decimals = Math.max(decimals, word.split('.')[1]?.length ?? 0);
  }
  const scale = 10 ** decimals;
  const values = words.map((word) => Math.round(Number(word) * scale));
  const isHeld = decimals <= DECIMALS_MAX && values.every((value) => Math.abs(value) < 2 ** 31);
  return isHeld ? { samples: Int32Array.from(values), scale } : undefined;
}

/** The ratio of small whole numbers that a period in milliseconds stands for: 2.77777777778 is 360 Hz. */
function rateOf(periodMs: number | undefined): SampleRate | undefined {
  if (periodMs === undefined || !(periodMs > 0)) return undefined;
  for (let denominator = 1; denominator <= 1000; denominator++) {
    const numerator = Math.round((1000 * denominator) / periodMs);
    const back = (1000 * denominator) / numerator;
    if (numerator > 0 && Math.abs(back - periodMs) < 1e-9 * periodMs)
      return { numerator, denominator };
  }
  return undefined;
}

function plain(value: number): number {
  return Number(value.toPrecision(12));
}
