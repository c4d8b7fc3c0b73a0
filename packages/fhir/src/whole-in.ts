/**
 * Whether all that somebody sent is in what is told instead: every element of it, with the same value, and
 * every item of a list. What is told may say more.
 */
export function isWholeIn(sent: unknown, told: unknown): boolean {
  if (typeof sent !== 'object' || sent === null) return Object.is(sent, told);
  if (typeof told !== 'object' || told === null) return false;
  if (Array.isArray(sent)) return Array.isArray(told) && areAllIn(sent, told);
  if (Array.isArray(told)) return false;
  const of = told as Readonly<Record<string, unknown>>;
  return Object.entries(sent).every(
    ([key, value]) => Object.hasOwn(of, key) && isWholeIn(value, of[key]),
  );
}

/** Each item by another one. */
function areAllIn(sent: readonly unknown[], told: readonly unknown[]): boolean {
  const left = [...told];
  return sent.every((one) => {
    const at = left.findIndex((candidate) => isWholeIn(one, candidate));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
