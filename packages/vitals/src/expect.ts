/** Asserts what cannot be otherwise. A failure is our own bug, so it is thrown, never answered. */
export function expect(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${invariant}`);
}
