import type { WaveformRun } from '@ausculta/vitals/waveform';
import { metricOfTerm } from './mdc-terms.ts';
import type { OctetReader } from './octets.ts';
import type { PhdObjectInfo } from './phd-configuration.ts';

/** Eight relative-time units are a millisecond. */
const UNITS_PER_SECOND = 8_000;

/**
 * A real-time sample array (Simple-Sa-Observed-Value): raw integers whose scale, rate and width the
 * configuration tells. Undefined when any of that, or the metric, is not known.
 */
export function readSampleArray(
  reader: OctetReader,
  object: PhdObjectInfo,
  at: { readonly stampMs: number; readonly flags: number },
): WaveformRun | undefined {
  const { type, array, scale, samplePeriod } = object;
  const named = type === undefined ? undefined : metricOfTerm({ code: type });
  if (named?.metric.kind !== 'waveform' || array === undefined || !samplePeriod) return undefined;
  const octets = array.sampleBits <= 8 ? 1 : array.sampleBits <= 16 ? 2 : 4;
  const body = reader.string();
  const samples = new Int32Array(Math.floor(body.left / octets));
  for (let index = 0; index < samples.length; index++) {
    samples[index] = octets === 1 ? body.u8() : octets === 2 ? body.u16() : body.u32();
  }
  const gain =
    scale && (scale.highScaled - scale.lowScaled) / (scale.highAbsolute - scale.lowAbsolute);
  return {
    metric: named.metric.key === 'pleth' && scale === undefined ? 'pleth-arb' : named.metric.key,
    startMs: at.stampMs,
    rate: { numerator: UNITS_PER_SECOND, denominator: samplePeriod },
    samples,
    gain: gain ?? 1,
    zero: scale && gain ? Math.round(scale.lowScaled - scale.lowAbsolute * gain) : 0,
    flags: at.flags,
  };
}
