/**
 * The newest readings of a series that are stored already, as they came from flushes, oldest first. What
 * a flush brings is kept as it stands, without a copy: with tens of thousands of series the copies of one
 * flush would be a hundred megabytes for the collector. Only short pieces are put together, or a series
 * that sends a few readings a flush would keep hundreds of pieces.
 */
import { Columns } from './columns.ts';

export const NOTHING_KEPT: readonly Columns[] = [];

/** A shorter piece is joined by what follows it. */
const PIECE_MIN = 64;

/**
 * `kept` with `columns` behind it, and without the oldest pieces that the last `count` readings do not
 * need. Nobody may write to `columns` afterwards; what is read of it stays as it is.
 */
export function keep(
  kept: readonly Columns[],
  columns: Columns,
  count: number,
): readonly Columns[] {
  if (columns.length >= count) return [columns.length > count ? columns.tail(count) : columns];
  const newest = kept.at(-1);
  if (newest?.hasRoomFor(columns) && newest.length + columns.length <= count) {
    newest.add(columns.view());
    return withoutOldest(kept, count);
  }
  if (newest === undefined || newest.length >= PIECE_MIN)
    return withoutOldest([...kept, columns], count);
  const joined = new Columns({ expected: 2 * (newest.length + columns.length) });
  joined.add(newest.view());
  joined.add(columns.view());
  return withoutOldest([...kept.slice(0, -1), joined], count);
}

function withoutOldest(kept: readonly Columns[], count: number): readonly Columns[] {
  let rest = kept.reduce((sum, { length }) => sum + length, 0);
  let first = 0;
  while (rest - (kept[first] as Columns).length >= count) {
    rest -= (kept[first] as Columns).length;
    first += 1;
  }
  return first === 0 ? kept : kept.slice(first);
}
