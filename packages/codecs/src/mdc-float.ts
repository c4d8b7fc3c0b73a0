/**
 * The decimal numbers of medical devices: SFLOAT (16 bits) and FLOAT (32 bits) of IEEE 11073-20601,
 * used by Bluetooth's health profiles (little-endian) and by 11073 itself (big-endian). A number is
 * mantissa × 10^exponent, both in two's complement. Five mantissas with exponent 0 are no numbers.
 */
export type MdcSpecial = 'NaN' | '+INF' | '-INF' | 'NRes' | 'Reserved';

/** A number, or what the device says instead of one. JSON carries both without loss. */
export type MdcNumber = number | MdcSpecial;

export function isSpecial(value: MdcNumber): value is MdcSpecial {
  return typeof value === 'string';
}

const SFLOAT_MANTISSA_MAX = 2045;
const FLOAT_MANTISSA_MAX = 0x7f_fffd;

/** Powers of ten that a double holds exactly; dividing by one rounds only once. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

export function readSfloat(word: number): MdcNumber {
  if (word >= 0x07fe && word <= 0x0802) {
    switch (word) {
      case 0x07fe:
        return '+INF';
      case 0x07ff:
        return 'NaN';
      case 0x0800:
        return 'NRes';
      case 0x0801:
        return 'Reserved';
      default:
        return '-INF';
    }
  }
  return scaled((word << 20) >> 20, (word << 16) >> 28);
}

export function readFloat(word: number): MdcNumber {
  const unsigned = word >>> 0;
  if (unsigned >= 0x007f_fffe && unsigned <= 0x0080_0002) {
    switch (unsigned) {
      case 0x007f_fffe:
        return '+INF';
      case 0x007f_ffff:
        return 'NaN';
      case 0x0080_0000:
        return 'NRes';
      case 0x0080_0001:
        return 'Reserved';
      default:
        return '-INF';
    }
  }
  return scaled((word << 8) >> 8, word >> 24);
}

/** The double nearest to the decimal that was sent: 3.64, never 3.6400000000000001. */
function scaled(mantissa: number, exponent: number): number {
  if (exponent === 0 || mantissa === 0) return mantissa;
  if (exponent < 0) {
    if (exponent >= -22) return mantissa / (POWERS[-exponent] as number);
  } else if (exponent <= 22) {
    const value = mantissa * (POWERS[exponent] as number);
    if (Number.isSafeInteger(value)) return value;
  }
  return Number(`${mantissa}e${exponent}`);
}

const SFLOAT_SPECIALS: Readonly<Record<MdcSpecial, number>> = {
  '+INF': 0x07fe,
  NaN: 0x07ff,
  NRes: 0x0800,
  Reserved: 0x0801,
  '-INF': 0x0802,
};

/**
 * The word for a value. What 16 bits cannot hold exactly is rounded to the most digits they can;
 * what is too large for them is an infinity, and what is too small is 0.
 */
export function writeSfloat(value: MdcNumber): number {
  if (isSpecial(value)) return SFLOAT_SPECIALS[value];
  const parts = split(value, { mantissaMax: SFLOAT_MANTISSA_MAX, lowest: -8, highest: 7 });
  if (typeof parts === 'string') return SFLOAT_SPECIALS[parts];
  return ((parts.exponent & 0xf) << 12) | (parts.mantissa & 0xfff);
}

const FLOAT_SPECIALS: Readonly<Record<MdcSpecial, number>> = {
  '+INF': 0x007f_fffe,
  NaN: 0x007f_ffff,
  NRes: 0x0080_0000,
  Reserved: 0x0080_0001,
  '-INF': 0x0080_0002,
};

/** As writeSfloat, in 32 bits (unsigned). */
export function writeFloat(value: MdcNumber): number {
  if (isSpecial(value)) return FLOAT_SPECIALS[value];
  const parts = split(value, { mantissaMax: FLOAT_MANTISSA_MAX, lowest: -128, highest: 127 });
  if (typeof parts === 'string') return FLOAT_SPECIALS[parts];
  return (((parts.exponent & 0xff) << 24) | (parts.mantissa & 0xff_ffff)) >>> 0;
}

interface Form {
  readonly mantissaMax: number;
  readonly lowest: number;
  readonly highest: number;
}

function split(value: number, form: Form): { mantissa: number; exponent: number } | MdcSpecial {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+INF' : '-INF';
  if (value === 0) return { mantissa: 0, exponent: 0 };
  // The shortest decimal of a double, such as "3.64e+0", has the digits and the exponent at hand.
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const point = digits.indexOf('.');
  let mantissa = Number(digits.replace('.', ''));
  let exponent = Number(power) - (point < 0 ? 0 : digits.length - point - 1);
  while (exponent < form.lowest || !fits(mantissa, exponent, form)) {
    exponent++;
    if (exponent > form.highest) return value > 0 ? '+INF' : '-INF';
    // Always from the whole number: to drop digit after digit would round twice.
    mantissa = Math.round(Number(`${digits}e${Number(power) - exponent}`));
    if (mantissa === 0) return { mantissa: 0, exponent: 0 };
  }
  // Whole numbers are written with exponent 0 where they fit: 120, not 12 × 10.
  while (exponent > 0 && fits(mantissa * 10, exponent - 1, form)) {
    mantissa *= 10;
    exponent--;
  }
  return exponent > form.highest ? (value > 0 ? '+INF' : '-INF') : { mantissa, exponent };
}

/** Mantissas that mean something else do so with exponent 0 alone. */
function fits(mantissa: number, exponent: number, { mantissaMax }: Form): boolean {
  if (exponent === 0) return Math.abs(mantissa) <= mantissaMax;
  return mantissa <= mantissaMax + 2 && mantissa >= -mantissaMax - 3;
}
