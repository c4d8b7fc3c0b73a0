/**
 * Units that measure the same are searched as one: 0.0054 kg is 5.4 g. Only such conversions as hold
 * whatever is measured: not "mg/dL to mmol/L", which is another factor for each substance. A test
 * holds every row equal to a UCUM library.
 */

interface Kind {
  /** The unit that all of its kind are brought to. */
  readonly unit: string;
  /** How many of it each other one is. */
  readonly others: Readonly<Record<string, number>>;
}

const MM_HG = 133.322;
const POUND = 0.45359237;

export const KINDS: readonly Kind[] = [
  {
    unit: 'g',
    others: {
      ...{ kg: 1000, mg: 1e-3, ug: 1e-6, ng: 1e-9, t: 1e6 },
      ...{ '[lb_av]': POUND * 1000, '[oz_av]': (POUND * 1000) / 16, '[stone_av]': POUND * 14_000 },
    },
  },
  {
    unit: 'cm',
    others: { m: 100, mm: 0.1, um: 1e-4, km: 1e5, '[in_i]': 2.54, '[ft_i]': 30.48 },
  },
  {
    unit: 'mm[Hg]',
    others: {
      ...{ Pa: 1 / MM_HG, hPa: 100 / MM_HG, kPa: 1000 / MM_HG, mbar: 100 / MM_HG },
      ...{ bar: 1e5 / MM_HG, 'cm[H2O]': 98.0665 / MM_HG },
    },
  },
  { unit: '/min', others: { '1/min': 1, '/s': 60, '1/s': 60, Hz: 60, '/h': 1 / 60 } },
  { unit: 's', others: { ms: 1e-3, us: 1e-6, min: 60, h: 3600, d: 86_400, wk: 604_800 } },
  { unit: 'mL', others: { L: 1000, l: 1000, dL: 100, ml: 1, uL: 1e-3, cm3: 1 } },
  {
    unit: 'mL/min',
    others: { 'L/min': 1000, 'L/s': 60_000, 'mL/s': 60, 'mL/h': 1 / 60, 'L/h': 1000 / 60 },
  },
  {
    unit: 'mg/dL',
    others: {
      ...{ 'g/dL': 1000, 'g/L': 100, 'mg/L': 0.1, 'mg/mL': 100, 'ug/dL': 1e-3, 'ug/mL': 0.1 },
      ...{ 'ug/L': 1e-4, 'ng/mL': 1e-4, 'ng/dL': 1e-6, 'ng/L': 1e-7, 'pg/mL': 1e-7 },
    },
  },
  { unit: 'mmol/L', others: { 'mol/L': 1000, 'umol/L': 1e-3, 'nmol/L': 1e-6, 'pmol/L': 1e-9 } },
  { unit: '10*9/L', others: { '10*3/uL': 1, '10*6/uL': 1000, '10*12/L': 1000, '10*6/L': 1e-3 } },
  { unit: 'mV', others: { V: 1000, uV: 1e-3 } },
  { unit: 'kcal', others: { cal: 1e-3, kJ: 1 / 4.184, J: 1 / 4184 } },
  { unit: 'Cel', others: {} },
];

const factors = new Map<string, { readonly unit: string; readonly factor: number }>();

for (const { unit, others } of KINDS) {
  for (const [other, factor] of Object.entries(others)) factors.set(other, { unit, factor });
}

export interface CanonicalValue {
  readonly unit: string;
  readonly value: number;
}

/** A unit that is not in the table is its own. */
export function toCanonicalUnit(unit: string, value: number): CanonicalValue {
  if (unit === '[degF]') return { unit: 'Cel', value: plain(((value - 32) * 5) / 9) };
  if (unit === 'K') return { unit: 'Cel', value: plain(value - 273.15) };
  const found = factors.get(unit);
  if (found === undefined) return { unit, value };
  return { unit: found.unit, value: found.factor === 1 ? value : plain(value * found.factor) };
}

/** Without the noise of arithmetic, so that equal amounts are equal numbers. */
function plain(value: number): number {
  return Number(value.toPrecision(12));
}
