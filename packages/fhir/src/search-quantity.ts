/** Amounts as what a search compares: a quantity, a price, a range, the extent of a waveform. */
import type { Money, Quantity, Range, SampledData } from '@medplum/fhirtypes';
import type { Span } from './range-test.ts';
import type { QuantityValue } from './search-value.ts';
import { SYSTEM } from './systems.ts';
import { toCanonicalUnit } from './ucum.ts';

const QUANTITIES = ['Quantity', 'Age', 'Duration', 'Count', 'Distance', 'MoneyQuantity'];
const CURRENCY = 'urn:iso:std:iso:4217';

export function quantityValues(type: string, value: unknown): QuantityValue[] {
  if (QUANTITIES.includes(type) || type === 'SimpleQuantity') return quantity(value as Quantity);
  switch (type) {
    case 'Money': {
      const { value: amount, currency } = value as Money;
      if (amount === undefined) return [];
      const unit =
        currency === undefined ? {} : { system: CURRENCY, code: currency, unit: currency };
      return [inUnit(unit, { low: amount, high: amount })];
    }
    case 'Range': {
      const { low, high } = value as Range;
      const unit = low ?? high;
      const { value: from = Number.NEGATIVE_INFINITY } = low ?? {};
      const { value: until = Number.POSITIVE_INFINITY } = high ?? {};
      return unit === undefined ? [] : [inUnit(unit, { low: from, high: until })];
    }
    case 'SampledData': {
      const data = value as SampledData;
      const span = extentOf(data);
      return span === undefined ? [] : [inUnit(data.origin, span)];
    }
    default:
      return [];
  }
}

/** "< 5" is everything up to 5. */
function quantity(given: Quantity): QuantityValue[] {
  const { value, comparator } = given;
  if (value === undefined) return [];
  const low = comparator?.startsWith('<') ? Number.NEGATIVE_INFINITY : value;
  const high = comparator?.startsWith('>') ? Number.POSITIVE_INFINITY : value;
  return [inUnit(given, { low, high })];
}

function inUnit(
  { system, code, unit }: Pick<Quantity, 'system' | 'code' | 'unit'>,
  { low, high }: Span,
): QuantityValue {
  const row = { kind: 'quantity', low, high, system, code, unit } as const;
  if (system !== SYSTEM.UCUM || code === undefined) return { ...row, canonical: undefined };
  const [from, until] = [toCanonicalUnit(code, low), toCanonicalUnit(code, high)];
  return { ...row, canonical: { unit: from.unit, low: from.value, high: until.value } };
}

/** The least and the greatest that was sampled; "E", "L" and "U" are no numbers. */
function extentOf({ data = '', factor = 1, origin }: SampledData): Span | undefined {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const word of data.split(' ')) {
    const sample = Number.parseFloat(word);
    if (sample < least) least = sample;
    if (sample > most) most = sample;
  }
  if (least > most) return undefined;
  const ends = [least, most].map((sample) => sample * factor + (origin.value ?? 0));
  return { low: Math.min(...ends), high: Math.max(...ends) };
}
