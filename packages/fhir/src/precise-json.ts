/**
 * JSON whose decimals stay as they were sent: 37.0 °C says that tenths were measured, and a JavaScript
 * number forgets it. The text of such numbers is remembered beside the object that holds them, for as
 * long as that object lives.
 */

export interface PreciseJson {
  readonly value: unknown;
  /** Whether some number in it would be written otherwise. */
  readonly hasPrecise: boolean;
}

const precise = new WeakMap<object, Map<string, string>>();

/**
 * A number that a JavaScript number may write otherwise, between what may stand around a number. May be
 * found in a text as well, which then is read with more care than it needs; an id or a time is none.
 */
const IMPRECISE =
  /[:,[\s](?:-0|-?\d+(?:\.\d*0|\.?\d*[eE][-+]?\d+|\.\d{15,})|-?\d[\d.]{15,})(?=[\s,}\]])/;

declare global {
  /** ECMAScript 2026, in Node since 21; the compiler does not know of it yet. */
  interface JSON {
    parse(
      text: string,
      reviver: (
        this: object,
        key: string,
        one: unknown,
        at: { readonly source?: string },
      ) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  }
}

/** Throws what JSON.parse throws. */
export function parsePrecise(text: string): PreciseJson {
  if (!IMPRECISE.test(text)) return { value: JSON.parse(text), hasPrecise: false };
  let hasPrecise = false;
  const value = JSON.parse(text, function remember(this: object, key, one: unknown, { source }) {
    if (typeof one === 'number' && source !== undefined && String(one) !== source) {
      const own = precise.get(this) ?? new Map<string, string>();
      own.set(key, source);
      precise.set(this, own);
      hasPrecise = true;
    }
    return one;
  });
  return { value, hasPrecise };
}

/** The text of what was parsed, or was made of the objects that were parsed. */
export function writePrecise(value: unknown, hasPrecise: boolean): string {
  if (!hasPrecise) return JSON.stringify(value);
  return JSON.stringify(value, function restore(this: object, key, one: unknown) {
    const text = typeof one === 'number' ? precise.get(this)?.get(key) : undefined;
    return text === undefined || Number(text) !== one ? one : rawNumber(text);
  });
}

/** How a number was written that a JavaScript number forgets; undefined where it writes the same. */
export function numberText(holder: object, key: string): string | undefined {
  return precise.get(holder)?.get(key);
}

/** What `JSON.stringify` writes just as `text` says it, zeros at its end too. */
export function rawNumber(text: string): unknown {
  return JSON.rawJSON(text);
}
