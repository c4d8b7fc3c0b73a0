/** Where the next page of a search begins, as it travels in a link. */
import type { PagePosition } from './search-store.ts';

export type Cursor =
  /** After this one of what is in memory. */
  | { readonly after: string }
  /** So many were told, of a list that was put in order as a whole. */
  | { readonly told: number }
  | { readonly stored: PagePosition };

export function cursorText(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Undefined for what we never wrote. */
export function readCursor(text: string): Cursor | undefined {
  try {
    const given: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isCursor(given) ? given : undefined;
  } catch {
    return undefined;
  }
}

function isCursor(given: unknown): given is Cursor {
  if (typeof given !== 'object' || given === null) return false;
  const { after, told, stored } = given as Record<string, unknown>;
  if (after !== undefined) return typeof after === 'string';
  if (told !== undefined) return isCount(told);
  const { doc, values } = (stored ?? {}) as Record<string, unknown>;
  const isValue = (one: unknown): boolean =>
    one === null || typeof one === 'string' || Number.isFinite(one);
  return isCount(doc) && Array.isArray(values) && values.length <= 5 && values.every(isValue);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
