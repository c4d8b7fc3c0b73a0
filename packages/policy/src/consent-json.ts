/** Looks at JSON that somebody else has made. A failure names the place, never the value. */

export type Json = Readonly<Record<string, unknown>>;

/** Thrown inside the compiler only, which turns it into a fault. */
export class Unreadable extends Error {
  readonly at: string;
  readonly code: 'CONSENT_UNREADABLE' | 'NOT_ABOUT_SHARING';

  constructor(at: string, code: Unreadable['code'] = 'CONSENT_UNREADABLE') {
    super(at);
    this.at = at;
    this.code = code;
  }
}

export function objectOf(value: unknown, at: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(at);
  return value as Json;
}

export function textOf(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw new Unreadable(at);
  return value;
}

/** A list that is left out is empty; FHIR has no empty lists. */
export function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0) throw new Unreadable(at);
  return value;
}
