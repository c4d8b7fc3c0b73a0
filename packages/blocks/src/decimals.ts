/**
 * Monitors report decimals; doubles hold them as the nearest binary fraction. Scaled back to an
 * integer they are small and regular. Dividing an integer by a power of ten gives the same double as
 * parsing its digits does, so the way back is exact wherever the check below passes.
 */
export const DECIMALS_MAX = 9;

const POWERS_OF_TEN = Array.from({ length: DECIMALS_MAX + 1 }, (_, decimals) => 10 ** decimals);

export interface ScaledValues {
  readonly decimals: number;
  readonly integers: Float64Array<ArrayBuffer>;
}

/**
 * The values as integers with the most decimals that any of them needs. Undefined when even one of
 * them would come back as another double: more decimals, too many digits, or a negative zero.
 */
export function scaleValues(values: Float64Array): ScaledValues | undefined {
  let decimals = 0;
  for (let i = 0; i < values.length; i++) {
    while (scaledExactly(values[i] as number, POWERS_OF_TEN[decimals] as number) === undefined) {
      if (decimals === DECIMALS_MAX) return undefined;
      decimals += 1;
    }
  }
  const power = POWERS_OF_TEN[decimals] as number;
  const integers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const scaled = scaledExactly(values[i] as number, power);
    if (scaled === undefined) return undefined;
    integers[i] = scaled;
  }
  return { decimals, integers };
}

/** Turns scaled integers back into values, in place. */
export function unscaleValues({ integers, decimals }: ScaledValues): Float64Array<ArrayBuffer> {
  if (decimals === 0) return integers;
  const power = POWERS_OF_TEN[decimals] as number;
  for (let i = 0; i < integers.length; i++) integers[i] = (integers[i] as number) / power;
  return integers;
}

function scaledExactly(value: number, power: number): number | undefined {
  // Adding zero turns a negative zero into a positive one, which the comparison then tells apart.
  const scaled = Math.round(value * power) + 0;
  return Number.isSafeInteger(scaled) && Object.is(scaled / power, value) ? scaled : undefined;
}
