// A share with its 95 % interval: Wilson 1927, which holds near 0 and 1 too.

export interface Proportion {
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly of: number;
}

const Z = 1.959964;

export function proportion(count: number, of: number): Proportion {
  if (of === 0) return { share: Number.NaN, low: 0, high: 1, of };
  const share = count / of;
  const middle = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const half =
    (Z * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2))) / (1 + Z ** 2 / of);
  return { share, low: middle - half, high: middle + half, of };
}

/** "99.70 % (99.60–99.80, n 11116)" */
export function inWords({ share, low, high, of }: Proportion): string {
  if (of === 0) return 'none (n 0)';
  const percent = (value: number) => (100 * value).toFixed(2);
  return `${percent(share)} % (${percent(low)}–${percent(high)}, n ${of})`;
}
