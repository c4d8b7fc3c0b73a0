/** Work in parts of a few milliseconds, between which others may have their turn. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Steps over one thing after the other. */
export function* inParts<T>(
  many: Iterable<T>,
  atOnce: number,
  take: (one: T) => void,
): Steps<undefined> {
  let taken = 0;
  for (const one of many) {
    take(one);
    taken += 1;
    if (taken % atOnce === 0) yield;
  }
  return undefined;
}

/** All at once, where nobody waits. */
export function whole<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
