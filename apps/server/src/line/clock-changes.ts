/**
 * The changes that a device's clock may still make. Each costs rows that stay for ever, so a device has
 * a budget of them, which fills again as time goes by.
 */

/** An hour of a device that starts twelve times; then one change every ten minutes. */
const CHANGES_MAX = 12;
const CHANGE_EVERY_MS = 10 * 60_000;

export interface Changes {
  readonly left: number;
  readonly atMs: number;
}

/** The first epoch is one of them. */
export function firstChange(atMs: number): Changes {
  return { left: CHANGES_MAX - 1, atMs };
}

/** One change less, with what has come back since; undefined when none is left. */
export function afterChange(changes: Changes | undefined, atMs: number): Changes | undefined {
  const since = Math.max(0, atMs - (changes?.atMs ?? atMs));
  const left = Math.min(CHANGES_MAX, (changes?.left ?? CHANGES_MAX) + since / CHANGE_EVERY_MS);
  return left < 1 ? undefined : { left: left - 1, atMs };
}

/** What is left of a clock's changes after those that were written down, in order. */
export function changesAfter(writtenMs: readonly number[]): Changes | undefined {
  let changes: Changes | undefined;
  for (const atMs of writtenMs) changes = afterChange(changes, atMs) ?? { left: 0, atMs };
  return changes;
}
