import type { NamedMetric } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { SampleRate, WaveformRun } from '@ausculta/vitals/waveform';
import type { PartFault } from './decoded.ts';
import type { Hl7Delimiters } from './hl7-message.ts';
import type { Hl7Observation, Hl7Order } from './hl7-observation.ts';
import { readCode } from './hl7-term.ts';

/**
 * Waveforms of IHE's WCM: an OBX of type NA holds the samples, rows below it their rate, resolution
 * and the number that marks a sample as invalid.
 */
interface Facets {
  rateHz?: number;
  resolution?: number;
  invalid?: number;
}

const RATE = { refIds: ['MDC_ATTR_SAMP_RATE'], code: '' };
const RESOLUTION = { refIds: ['MDC_ATTR_NU_MSMT_RES', 'MDC_ATTR_SCALE_FACTOR'], code: '2327' };
const INVALID = { refIds: ['MDC_EVT_INOP'], code: '262196' };

/** An hour of one lead at 500 Hz; a message holds some seconds. */
const SAMPLES_MAX = 1_800_000;
/** Decimals are taken in by a larger gain, as far as 32 bits reach. */
const DECIMALS_MAX = 4;

export function readWaveforms(
  order: Hl7Order,
  delimiters: Hl7Delimiters,
  metricOf: (raw: string) => NamedMetric | undefined,
): { readonly waveforms: readonly WaveformRun[]; readonly faults: readonly PartFault[] } {
  const waveforms: WaveformRun[] = [];
  const faults: PartFault[] = [];
  const facets = readFacets(order.observations, delimiters);
  for (const [index, observation] of order.observations.entries()) {
    if (observation.valueType !== 'NA' && observation.valueType !== 'MA') continue;
    const named = waveformMetric(metricOf(observation.code));
    if (named === undefined) {
      faults.push({ index, fault: { code: 'METRIC_UNKNOWN' } });
      continue;
    }
    const runs = readRuns(observation, order, facets.get(observation.subId) ?? {}, delimiters);
    if (typeof runs === 'string') {
      faults.push({ index, fault: { code: 'PAYLOAD_MALFORMED', detail: runs } });
    } else {
      for (const run of runs) waveforms.push({ ...run, metric: named });
    }
  }
  return { waveforms, faults };
}

/** A pleth without a scale is another metric than one in per cent. */
function waveformMetric(named: NamedMetric | undefined): string | undefined {
  if (named?.metric.kind !== 'waveform') return undefined;
  return named.metric.key === 'pleth' ? 'pleth-arb' : named.metric.key;
}

function readFacets(
  observations: readonly Hl7Observation[],
  delimiters: Hl7Delimiters,
): Map<string, Facets> {
  const bySubId = new Map<string, Facets>();
  for (const { subId, code, value } of observations) {
    const parent = subId.slice(0, Math.max(0, subId.lastIndexOf('.')));
    const term = readCode(code, delimiters);
    const isTerm = ({ refIds, code: number }: typeof RATE) =>
      refIds.includes(term.text) || (number !== '' && term.code === number);
    const facets = bySubId.get(parent) ?? {};
    if (isTerm(RATE)) facets.rateHz = Number(value);
    else if (isTerm(RESOLUTION)) facets.resolution = Number(value);
    else if (isTerm(INVALID)) facets.invalid = Number(value);
    else continue;
    bySubId.set(parent, facets);
  }
  return bySubId;
}

type Run = Omit<WaveformRun, 'metric'>;

function readRuns(
  observation: Hl7Observation,
  order: Hl7Order,
  facets: Facets,
  { component, repetition }: Hl7Delimiters,
): Run[] | string {
  const startMs = observation.stampMs;
  if (startMs === undefined) return 'a waveform without a time';
  const texts = observation.value.replaceAll(repetition, component).split(component);
  if (texts.length > SAMPLES_MAX) return 'too many samples';
  const rateHz = facets.rateHz ?? windowRateHz(order, texts.length);
  const rate = rateHz === undefined ? undefined : exactRate(rateHz);
  if (rate === undefined) return 'a waveform without a rate';
  const resolution = facets.resolution ?? 1;
  if (!(resolution > 0 && Number.isFinite(resolution))) return 'a waveform without a resolution';
  let decimals = 0;
  for (const text of texts) decimals = Math.max(decimals, decimalsOf(text));
  const scale = 10 ** decimals;
  const gain = scale / resolution;
  // Samples that are missing or marked end a run; the next one begins where time has come to.
  const runs: Run[] = [];
  let samples: number[] = [];
  const finish = (until: number) => {
    if (samples.length === 0) return;
    const first = until - samples.length;
    runs.push({
      startMs: Math.round(startMs + (first * 1000 * rate.denominator) / rate.numerator),
      rate,
      samples: Int32Array.from(samples),
      gain,
      zero: 0,
      flags: observation.status === 'X' ? FLAG.QUESTIONABLE : 0,
    });
    samples = [];
  };
  for (const [index, text] of texts.entries()) {
    const value = text === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value) && text !== '' && text !== '""') return 'a sample is no number';
    const sample = Math.round(value * scale);
    if (Number.isNaN(value) || value === facets.invalid) finish(index);
    else if ((sample | 0) !== sample) return 'a sample is out of range';
    else samples.push(sample);
  }
  finish(texts.length);
  return runs;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : Math.min(DECIMALS_MAX, text.length - point - 1);
}

/** Without a rate, the window of OBR-7 and OBR-8 says how long the samples took. */
function windowRateHz({ startMs, endMs }: Hl7Order, count: number): number | undefined {
  if (startMs === undefined || endMs === undefined || endMs <= startMs) return undefined;
  return (count * 1000) / (endMs - startMs);
}

function exactRate(rateHz: number): SampleRate | undefined {
  if (!(rateHz > 0 && rateHz <= 100_000)) return undefined;
  const thousandths = Math.round(rateHz * 1000);
  if (thousandths === 0) return undefined;
  return thousandths % 1000 === 0
    ? { numerator: thousandths / 1000, denominator: 1 }
    : { numerator: thousandths, denominator: 1000 };
}
