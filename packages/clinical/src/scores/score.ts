/**
 * What every early-warning score gives: its parts, so that a screen can show why, and whether all of
 * them were known. The manner of partial totals follows the Royal College of Physicians' National
 * Early Warning Score 2 (2017), https://www.rcp.ac.uk/resources/national-early-warning-score-news-2/:
 * a missing observation is charted as missing, never as normal.
 */
export interface Score<Part extends string, Risk extends string> {
  /** The sum of the parts that are known: when not complete, "at least this" (safety S19). */
  readonly total: number;
  /** A part that is not known is absent. */
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  /** By the total as it stands; null where no part is known or nothing was published. */
  readonly risk: Risk | null;
  readonly complete: boolean;
}

/** Up to and including `atMost` the value earns `points`. Bands stand in ascending order. */
export interface Band {
  readonly atMost: number;
  readonly points: number;
}

export function pointsIn(bands: readonly Band[], value: number): number {
  return bands.find(({ atMost }) => value <= atMost)?.points ?? 0;
}

export type PartPoints<Part extends string> = Readonly<Record<Part, number | undefined>>;

/** `riskOf` is asked only when at least one part is known. */
export function scoreOf<Part extends string, Risk extends string>(
  points: PartPoints<Part>,
  riskOf: (total: number, highestPart: number) => Risk | null,
): Score<Part, Risk> {
  const all = Object.entries(points) as [Part, number | undefined][];
  const known = all.filter((entry): entry is [Part, number] => entry[1] !== undefined);
  const values = known.map(([, value]) => value);
  const total = values.reduce((sum, value) => sum + value, 0);
  return {
    total,
    parts: Object.fromEntries(known) as Partial<Record<Part, number>>,
    risk: known.length === 0 ? null : riskOf(total, Math.max(...values)),
    complete: known.length === all.length,
  };
}

/** The chart's own precision: whole numbers but for temperature, which has one decimal. */
export function toDecimals(value: number, decimals: 0 | 1): number {
  // By way of text, so that 38.05 is judged by what is written and not by its binary neighbour.
  return Number(`${Math.round(Number(`${value}e${decimals}`))}e-${decimals}`);
}
