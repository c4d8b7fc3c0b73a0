/** Digits typed within this time belong to one bed number. */
const DIGITS_WITHIN_MS = 1_000;

export interface TypedBed {
  readonly digits: string;
  readonly atMs: number;
}

/** What has been typed of a bed number once this digit is added. */
export function typeDigit(
  before: TypedBed | undefined,
  digit: { readonly key: string; readonly atMs: number },
): TypedBed {
  const goesOn = before !== undefined && digit.atMs - before.atMs <= DIGITS_WITHIN_MS;
  return { digits: (goesOn ? before.digits : '') + digit.key, atMs: digit.atMs };
}

/** The bed that the digits mean: leading noughts and letters do not matter ("5" finds "05"). */
export function findBed(beds: readonly (string | undefined)[], typed: TypedBed): number {
  const wanted = Number(typed.digits);
  return beds.findIndex((bed) => {
    const digits = /\d+/.exec(bed ?? '')?.[0];
    return digits !== undefined && Number(digits) === wanted;
  });
}

/** Where an arrow leads from a tile; it stays where there is no further one. */
export function moveFocus(tile: {
  readonly index: number;
  readonly key: string;
  readonly columns: number;
  readonly count: number;
}): number {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -tile.columns,
    ArrowDown: tile.columns,
    Home: -tile.index,
    End: tile.count - 1 - tile.index,
  };
  const next = tile.index + (steps[tile.key] ?? 0);
  return next >= 0 && next < tile.count ? next : tile.index;
}
