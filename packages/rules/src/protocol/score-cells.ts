import { mews } from '@ausculta/clinical/scores/mews';
import { news2 } from '@ausculta/clinical/scores/news2';
import { qsofa } from '@ausculta/clinical/scores/qsofa';
import type { ScoreKind, ScorePart, ScoreSource } from '../detectors/score-sources.ts';

/**
 * Between which values a part of a score earns the same points, found by asking the score itself: while a
 * source that counts stays between them, the score cannot change. For what is sent steadily: what people
 * chart is too rare to be worth it.
 */
export interface Cell {
  readonly low: number;
  readonly high: number;
}

const known = new Map<string, readonly Cell[]>();

/** In whole steps: the cell of this count; only the count itself where a score has no cells. */
export function cellOf(
  count: number,
  at: {
    readonly kind: ScoreKind;
    readonly scale: 1 | 2;
    readonly source: ScoreSource;
    readonly step: number;
  },
): Cell {
  const { kind, scale, source, step } = at;
  const key = `${kind}/${scale}/${source.part}/${step}/${source.plausible.low}/${source.plausible.high}`;
  const cells = known.get(key) ?? cellsOf(at);
  known.set(key, cells);
  return (
    cells.find(({ low, high }) => low <= count && count <= high) ?? { low: count, high: count }
  );
}

function cellsOf(at: Parameters<typeof cellOf>[1]): readonly Cell[] {
  const { kind, scale, source, step } = at;
  if (kind === 'shock-index') return [];
  const { low, high } = source.plausible;
  const cells: { low: number; high: number; points: number }[] = [];
  for (let count = Math.round(low / step); count <= Math.round(high / step); count += 1) {
    const points = pointsOf(kind, scale, { part: source.part, value: count * step });
    const last = cells.at(-1);
    if (last !== undefined && last.points === points) last.high = count;
    else cells.push({ low: count, high: count, points });
  }
  return cells;
}

function pointsOf(
  kind: Exclude<ScoreKind, 'shock-index'>,
  scale: 1 | 2,
  { part, value }: { readonly part: ScorePart; readonly value: number },
): number {
  // On oxygen scale 2 has more cells than on air, and every cell of air is made of whole ones of those.
  if (kind === 'news2') return news2({ [part]: value, o2: true, scale }).total;
  return kind === 'mews' ? mews({ [part]: value }).total : qsofa({ [part]: value }).total;
}
