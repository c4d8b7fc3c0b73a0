/**
 * Who wore a device when, as spans of corrected time that never overlap, and what a change of them
 * means: which spans go from whom to whom. Nothing here knows a reading; a history that was edited
 * ten times and one that was right from the start are the same list of spans.
 */
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';

/** Half-open: [fromMs, untilMs). One that has no end yet ends at infinity. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Worn extends TimeSpan {
  readonly subjectId: SubjectId;
}

/** From now on, of this span, it was this subject; undefined: it was nobody. */
export interface Change extends TimeSpan {
  readonly subjectId: SubjectId | undefined;
}

/** What was measured in this span is another's; undefined: of nobody. */
export interface Move extends TimeSpan {
  readonly from: SubjectId;
  readonly to: SubjectId | undefined;
}

/** The history after a change, in order of time; spans of one subject that meet are one. */
export function rewear(history: readonly Worn[], change: Change): Worn[] {
  const { fromMs, untilMs, subjectId } = change;
  expect(fromMs < untilMs, 'a span that is worn has a positive length');
  const rest = history.flatMap((worn): Worn[] => [
    { ...worn, untilMs: Math.min(worn.untilMs, fromMs) },
    { ...worn, fromMs: Math.max(worn.fromMs, untilMs) },
  ]);
  const all = subjectId === undefined ? rest : [...rest, { fromMs, untilMs, subjectId }];
  const ordered = all
    .filter((worn) => worn.fromMs < worn.untilMs)
    .sort((a, b) => a.fromMs - b.fromMs);
  const joined: Worn[] = [];
  for (const worn of ordered) {
    const last = joined.at(-1);
    const continues = last?.untilMs === worn.fromMs && last.subjectId === worn.subjectId;
    if (continues) joined[joined.length - 1] = { ...last, untilMs: worn.untilMs };
    else joined.push(worn);
  }
  return joined;
}

export function wearerAt(history: readonly Worn[], atMs: number): SubjectId | undefined {
  return history.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)?.subjectId;
}

/** What has to move when one history becomes the other. What nobody wore before has nothing to move. */
export function movesBetween(before: readonly Worn[], after: readonly Worn[]): Move[] {
  return differences(before, after).flatMap(({ from, ...rest }) =>
    from === undefined ? [] : [{ ...rest, from }],
  );
}

/** What nobody wore, and somebody does. */
export function gainsBetween(before: readonly Worn[], after: readonly Worn[]): Worn[] {
  return differences(before, after).flatMap(({ from, to, fromMs, untilMs }) =>
    from === undefined && to !== undefined ? [{ fromMs, untilMs, subjectId: to }] : [],
  );
}

interface Difference extends TimeSpan {
  readonly from: SubjectId | undefined;
  readonly to: SubjectId | undefined;
}

/** In order of time; what follows without a gap and is the same is one. */
function differences(before: readonly Worn[], after: readonly Worn[]): Difference[] {
  const borders = new Set(
    [...before, ...after].flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]),
  );
  const ordered = [...borders].sort((a, b) => a - b);
  const found: Difference[] = [];
  for (const [i, fromMs] of ordered.entries()) {
    const untilMs = ordered[i + 1];
    if (untilMs === undefined) break;
    const from = wearerAt(before, fromMs);
    const to = wearerAt(after, fromMs);
    if (from === to) continue;
    const last = found.at(-1);
    const continues = last?.untilMs === fromMs && last.from === from && last.to === to;
    if (continues) found[found.length - 1] = { ...last, untilMs };
    else found.push({ fromMs, untilMs, from, to });
  }
  return found;
}
