/** One value of a search parameter → what is asked of a row, or undefined where it cannot be read. */
import type { SearchParameter } from '@medplum/fhirtypes';
import { readDate } from './date-range.ts';
import { dateTest, numberTest, PREFIXES, type Prefix } from './range-test.ts';
import { parseReference } from './reference.ts';
import type { Comparison, QuantityComparison, TokenComparison } from './search-query.ts';
import { splitAt, unescaped } from './search-text.ts';
import { normalText } from './search-value.ts';
import { SYSTEM } from './systems.ts';
import { toCanonicalUnit } from './ucum.ts';

export interface Reading {
  readonly type: SearchParameter['type'];
  readonly modifier: string | undefined;
  /** What "about" is measured from. */
  readonly nowMs: number;
  /** The base of this server, without a slash at its end: references to it are references to us. */
  readonly baseUrl: string | undefined;
}

export function readComparison(text: string, reading: Reading): Comparison | undefined {
  switch (reading.type) {
    case 'token':
      return readTokenLike(text, reading.modifier);
    case 'reference':
      return readReference(text, reading);
    case 'date':
      return readDateComparison(text, reading.nowMs);
    case 'number':
      return readNumber(text);
    case 'quantity':
      return readQuantity(text);
    case 'string':
      return readString(unescaped(text), reading.modifier);
    case 'uri':
      return readUri(unescaped(text), reading.modifier);
    default:
      return undefined;
  }
}

function readTokenLike(text: string, modifier: string | undefined): Comparison | undefined {
  if (modifier === 'text') {
    const normal = normalText(unescaped(text));
    return normal === '' ? undefined : { kind: 'words', normal };
  }
  if (modifier !== 'of-type') return readToken(text);
  const [system, type, code, ...more] = splitAt('|', text).map(unescaped);
  if (!system || !type || !code || more.length > 0) return undefined;
  return { kind: 'of-type', system, type, code };
}

function readToken(text: string): TokenComparison | undefined {
  const [first = '', second, ...more] = splitAt('|', text).map(unescaped);
  if (more.length > 0 || (first === '' && !second)) return undefined;
  if (second === undefined) return { kind: 'token', system: undefined, code: first };
  return { kind: 'token', system: first, code: second === '' ? undefined : second };
}

function readReference(text: string, { modifier, baseUrl }: Reading): Comparison | undefined {
  if (modifier === 'identifier') {
    const token = readToken(text);
    return token && { kind: 'identifier', token };
  }
  const plain = unescaped(text);
  if (plain === '') return undefined;
  const nothing = { type: undefined, id: undefined, url: undefined, version: undefined };
  const target = parseReference(plain);
  if (target !== undefined) {
    const { base, type, id } = target;
    if (modifier !== undefined && modifier !== type) return undefined;
    const isOurs = base === undefined || base === baseUrl;
    return { kind: 'reference', ...nothing, type, id, ...(!isOurs && { url: plain }) };
  }
  if (/^[A-Za-z0-9\-.]{1,64}$/.test(plain)) {
    return { kind: 'reference', ...nothing, type: modifier, id: plain };
  }
  const at = plain.lastIndexOf('|');
  if (at < 0) return { kind: 'reference', ...nothing, url: plain };
  return { kind: 'reference', ...nothing, url: plain.slice(0, at), version: plain.slice(at + 1) };
}

function readPrefix(text: string): { readonly prefix: Prefix; readonly rest: string } {
  const prefix = PREFIXES.find((one) => text.startsWith(one));
  return prefix === undefined ? { prefix: 'eq', rest: text } : { prefix, rest: text.slice(2) };
}

function readDateComparison(text: string, nowMs: number): Comparison | undefined {
  const { prefix, rest } = readPrefix(text);
  const span = readDate(rest);
  if (span === undefined) return undefined;
  const { fromMs: low, untilMs: high } = span;
  // R4 recommends a tenth of the way from now; what is now is itself at least.
  const aboutMs = Math.max(Math.abs(nowMs - low), Math.abs(nowMs - high)) / 10;
  return { kind: 'date', test: dateTest(prefix, { low, high }, aboutMs) };
}

const NUMBER = /^[+-]?\d{1,40}(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** 5.40 is a number to hundredths: anything that rounds to it is equal to it. */
function readDecimal(
  text: string,
): { readonly value: number; readonly halfStep: number } | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, decimals = '', exponent = '0'] = match;
  const value = Number(text);
  const halfStep = 0.5 * 10 ** (Number(exponent) - decimals.length);
  return Number.isFinite(value) ? { value, halfStep } : undefined;
}

function readNumber(text: string): Comparison | undefined {
  const { prefix, rest } = readPrefix(text);
  const decimal = readDecimal(rest);
  return decimal && { kind: 'number', test: numberTest(prefix, decimal.value, decimal.halfStep) };
}

/** `5.4`, `5.4|system|code` or `5.4||unit`. */
function readQuantity(text: string): QuantityComparison | undefined {
  const [amount = '', system = '', code = '', ...more] = splitAt('|', text).map(unescaped);
  const { prefix, rest } = readPrefix(amount);
  const decimal = readDecimal(rest);
  if (decimal === undefined || more.length > 0 || (system !== '' && code === '')) return undefined;
  const { value, halfStep } = decimal;
  const asked = { kind: 'quantity', test: numberTest(prefix, value, halfStep) } as const;
  const unit = { system: system || undefined, code: code || undefined };
  if (system !== SYSTEM.UCUM) return { ...asked, ...unit, canonical: undefined };
  const common = toCanonicalUnit(code, value);
  const step = toCanonicalUnit(code, value + halfStep).value - common.value;
  const test = numberTest(prefix, common.value, step);
  return { ...asked, ...unit, canonical: { unit: common.unit, test } };
}

function readString(text: string, modifier: string | undefined): Comparison | undefined {
  if (text === '') return undefined;
  if (modifier === 'exact') return { kind: 'string', match: 'exact', text };
  const normal = normalText(text);
  if (normal === '') return undefined;
  return { kind: 'string', match: modifier === 'contains' ? 'contains' : 'starts', text: normal };
}

function readUri(uri: string, modifier: string | undefined): Comparison | undefined {
  if (uri === '') return undefined;
  const match = modifier === 'below' || modifier === 'above' ? modifier : 'equal';
  return { kind: 'uri', match, uri };
}
