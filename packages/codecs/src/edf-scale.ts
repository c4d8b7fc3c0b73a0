/**
 * How a converter's integers become the 16-bit ones of EDF. The header has eight characters for each end of
 * the scale, so ends are looked for whose values those characters say exactly: then the scale is
 * lossless, as the samples are wherever 16 bit hold them.
 */
import { DIGITAL_MAX, DIGITAL_MIN, type EdfScale } from './edf-format.ts';

export interface SampleScale {
  /** Steps for one unit, and the sample that means zero. */
  readonly gain: number;
  readonly zero: number;
  /** Of all samples. */
  readonly least: number;
  readonly most: number;
}

export interface Fitted {
  readonly scale: EdfScale;
  /** digital = round((sample - shift) / divisor); a divisor of one loses nothing. */
  readonly shift: number;
  readonly divisor: number;
  /** Stands where there is no sample; no sample is it. */
  readonly filler: number;
}

const NUMBER_CHARACTERS = 8;

/** One step is kept for the filler. */
const STEPS = DIGITAL_MAX - DIGITAL_MIN - 1;

export function fitScale({ gain, zero, least, most }: SampleScale): Fitted {
  const divisor = Math.max(1, Math.ceil((most - least) / STEPS));
  const fits = divisor === 1 && least > DIGITAL_MIN && most <= DIGITAL_MAX;
  const shift = fits ? 0 : Math.floor((least + most) / 2);
  const digitalOf = (sample: number): number => Math.round((sample - shift) / divisor);
  const unitsOf = (digital: number): number => (digital * divisor + shift - zero) / gain;
  const digitalMin = exactEnd(DIGITAL_MIN, digitalOf(least) - 1, unitsOf);
  const digitalMax = exactEnd(DIGITAL_MAX, Math.max(digitalOf(most), digitalMin + 1), unitsOf);
  const scale = {
    digitalMin,
    digitalMax,
    physicalMin: Number(numberText(unitsOf(digitalMin))),
    physicalMax: Number(numberText(unitsOf(digitalMax))),
  };
  return { scale, shift, divisor, filler: digitalMin };
}

/** From the outer end inwards, as far as the samples: where eight characters say it exactly, or the outer end. */
function exactEnd(outer: number, inner: number, unitsOf: (digital: number) => number): number {
  const step = outer < inner ? 1 : -1;
  for (let digital = outer; digital !== inner + step; digital += step) {
    const units = unitsOf(digital);
    if (Number(numberText(units)) === units) return digital;
  }
  return outer;
}

/** The nearest number that eight characters can say, without an exponent. */
export function numberText(value: number): string {
  for (let decimals = NUMBER_CHARACTERS - 2; decimals >= 0; decimals -= 1) {
    const fixed = value.toFixed(decimals);
    const text = decimals === 0 ? fixed : fixed.replace(/\.?0+$/, '');
    if (text.length <= NUMBER_CHARACTERS) return text === '-0' ? '0' : text;
  }
  return value < 0 ? '-9999999' : '99999999';
}
