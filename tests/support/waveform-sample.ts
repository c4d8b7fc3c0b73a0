/** A second of an ECG, as a device sends it. */
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';

export function waveformsAt(startMs: number): Uint8Array<ArrayBuffer> {
  const shape = { rate: { numerator: 250, denominator: 1 }, gain: 200, zero: 0, flags: 0 };
  const samples = Int32Array.from({ length: 250 }, (_, i) => i % 50);
  const block = encodeRuns([{ metric: 'ecg-ii', startMs, samples, ...shape }], NO_COMPRESSION);
  if (!block.ok) throw new Error(block.fault.code);
  return new Uint8Array(block.value);
}
