const DECIMALS_MAX = 6;

/** Decimals to show: what the metric resolves, or more when the device resolved more. */
export function decimalsOf(value: number, resolution: number): number {
  return Math.max(
    exactDecimals(resolution),
    Math.min(exactDecimals(value), exactDecimals(resolution) + 1),
  );
}

function exactDecimals(value: number): number {
  for (let decimals = 0; decimals < DECIMALS_MAX; decimals += 1) {
    const scaled = value * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-9 * Math.max(1, Math.abs(scaled)))
      return decimals;
  }
  return DECIMALS_MAX;
}
