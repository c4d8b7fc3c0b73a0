/** The pages of the audit that one table has: so many, however few lines each of them finds. */
import { BEGINNING, type TrailPage, type TrailStart } from './trail.ts';

/** As many lines as a spreadsheet is patient with, where each page finds all that it may. */
const PAGES_MAX = 40;
const PAGE_LINES = 500;

interface Pages<T> {
  readonly page: (from: {
    readonly start: TrailStart;
    readonly limit: number;
  }) => Promise<Pick<TrailPage<T>, 'found' | 'next' | 'untilMs'>>;
  /** Nobody waits for it any more. */
  readonly isGone: () => boolean;
}

interface Table<T> {
  readonly found: readonly T[];
  /** Back to when it was looked at; undefined: to the beginning. */
  readonly backToMs: number | undefined;
}

export async function auditTable<T>({ page, isGone }: Pages<T>): Promise<Table<T>> {
  const found: T[] = [];
  let start: TrailStart = BEGINNING;
  let backToMs: number | undefined;
  for (let pages = 0; pages < PAGES_MAX && !isGone(); pages += 1) {
    const one = await page({ start, limit: PAGE_LINES });
    found.push(...one.found);
    if (one.next === undefined) return { found, backToMs: undefined };
    start = one.next;
    backToMs = one.untilMs ?? backToMs;
  }
  return { found, backToMs };
}
