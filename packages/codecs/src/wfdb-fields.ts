import type { SampleRate } from '@ausculta/vitals/waveform';

/** Fields that WFDB headers are made of. */

export function readWholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** A clock finer than this is no sampling clock. */
const RATE_DECIMALS_MAX = 9;

/**
 * "360", "62.4725" or "360/100(0)": frames a second, then the counter's frequency and base, which
 * matter to tape recorders only. A decimal rate becomes an exact ratio.
 */
export function readRate(text: string): SampleRate | undefined {
  const match = /^(\d{1,9})(?:\.(\d+))?(?:\/.*)?$/.exec(text);
  if (match === null) return undefined;
  const decimals = (match[2] ?? '').replace(/0+$/, '');
  if (decimals.length > RATE_DECIMALS_MAX) return undefined;
  const denominator = 10 ** decimals.length;
  const numerator = Number(match[1]) * denominator + Number(decimals === '' ? 0 : decimals);
  if (numerator <= 0 || !Number.isSafeInteger(numerator)) return undefined;
  const shared = greatestDivisor(numerator, denominator);
  return { numerator: numerator / shared, denominator: denominator / shared };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
