/**
 * What a search parameter finds in a resource: the rows of an index. A resource has any number of each
 * kind, and a question is asked of the rows alone.
 */
import type { Span } from './range-test.ts';

/** A code, an identifier, a status. Case counts. */
export interface TokenValue {
  readonly kind: 'token';
  readonly system: string | undefined;
  readonly code: string;
  /** Of an identifier, for `:of-type`: the codes of its type, each with its system. */
  readonly types?: readonly { readonly system: string | undefined; readonly code: string }[];
}

/** The words beside a token, for `:text`. */
export interface WordsValue {
  readonly kind: 'words';
  readonly normal: string;
}

export interface ReferenceValue {
  readonly kind: 'reference';
  /** Undefined for what names no resource by type and id: a URN, a canonical. */
  readonly type: string | undefined;
  readonly id: string | undefined;
  /** The whole as it stands, without a version; undefined for an identifier alone. */
  readonly url: string | undefined;
  /** Of a canonical: "http://x|2" is of version 2. */
  readonly version: string | undefined;
  readonly identifier: { readonly system: string | undefined; readonly code: string } | undefined;
}

/** Half-open, in milliseconds since 1970; without a beginning or an end, infinite. */
export interface DateValue extends Span {
  readonly kind: 'date';
}

export interface NumberValue extends Span {
  readonly kind: 'number';
}

export interface QuantityValue extends Span {
  readonly kind: 'quantity';
  readonly system: string | undefined;
  readonly code: string | undefined;
  readonly unit: string | undefined;
  /** In the unit that all of its kind are brought to; undefined where the unit is not UCUM. */
  readonly canonical: (Span & { readonly unit: string }) | undefined;
}

export interface StringValue {
  readonly kind: 'string';
  readonly text: string;
  /** Without case, accents and superfluous blanks: what is compared unless `:exact` is asked. */
  readonly normal: string;
}

export interface UriValue {
  readonly kind: 'uri';
  readonly uri: string;
}

/** Parts that belong together: this code has this value. */
export interface CompositeValue {
  readonly kind: 'composite';
  readonly parts: readonly SearchValue[];
}

export type SearchValue =
  | TokenValue
  | WordsValue
  | ReferenceValue
  | DateValue
  | NumberValue
  | QuantityValue
  | StringValue
  | UriValue
  | CompositeValue;

/** Letters of ASCII, single blanks between them: nothing to take away but capitals. */
const PLAIN = /^[!-~]+( [!-~]+)*$/;

/** "Müller-Lüdenscheidt " and "muller-ludenscheidt" are the same to a search. */
export function normalText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  const bare = text.normalize('NFD').replace(/\p{M}+/gu, '');
  return bare.toLowerCase().replace(/\s+/g, ' ').trim();
}
