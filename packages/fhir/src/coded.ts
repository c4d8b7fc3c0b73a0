/** Of a code, or of the codings of a concept; a concept of words alone has none. */
export function codesIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const plain: unknown = value.valueOf();
  if (typeof plain === 'string') return [plain];
  const { code, coding } = value as { code?: string; coding?: { code?: string }[] };
  return [code, ...(coding ?? []).map((one) => one.code)].filter((one) => one !== undefined);
}
