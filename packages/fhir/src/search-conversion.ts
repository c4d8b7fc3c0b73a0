/** Values of FHIR's types as what a search compares (R4, search, 3.1.1.4). */
import type { TypedValue } from '@medplum/core';
import type {
  Address,
  CodeableConcept,
  Coding,
  ContactPoint,
  HumanName,
  Identifier,
  Period,
  Reference,
  Resource,
  SearchParameter,
  Timing,
} from '@medplum/fhirtypes';
import { ALL_TIME, readDate } from './date-range.ts';
import { parseReference } from './reference.ts';
import { quantityValues } from './search-quantity.ts';
import {
  type DateValue,
  normalText,
  type ReferenceValue,
  type SearchValue,
  type TokenValue,
} from './search-value.ts';

/** One value, for a parameter of this type; none where R4 does not say how to search it. */
export function searchValuesOf(
  parameter: SearchParameter['type'],
  { type, value }: TypedValue,
): SearchValue[] {
  switch (parameter) {
    case 'token':
      return tokens(type, value);
    case 'reference':
      return reference(value);
    case 'date':
      return date(type, value);
    case 'string':
      return strings(type, value);
    case 'number':
      return typeof value === 'number' ? [{ kind: 'number', low: value, high: value }] : [];
    case 'quantity':
      return quantityValues(type, value);
    case 'uri':
      return typeof value === 'string' ? [{ kind: 'uri', uri: value }] : [];
    default:
      return [];
  }
}

function tokens(type: string, value: unknown): SearchValue[] {
  switch (type) {
    case 'Coding':
      return coding(value as Coding);
    case 'CodeableConcept': {
      const { coding: codings = [], text } = value as CodeableConcept;
      return [...codings.flatMap(coding), ...words(text)];
    }
    case 'Identifier': {
      const { system, value: code, type: kind } = value as Identifier;
      const types = kind?.coding?.map((one) => ({ system: one.system, code: one.code ?? '' }));
      return [...token(system, code, types), ...words(kind?.text)];
    }
    case 'ContactPoint': {
      const { system, value: code } = value as ContactPoint;
      return token(system, code);
    }
    default:
      return typeof value === 'object' ? [] : token(undefined, String(value));
  }
}

function coding({ system, code, display }: Coding): SearchValue[] {
  return [...token(system, code), ...words(display)];
}

/** A system without a code is still found by "system|". */
function token(
  system: string | undefined,
  code: string | undefined,
  types?: TokenValue['types'],
): SearchValue[] {
  if (system === undefined && code === undefined) return [];
  return [{ kind: 'token', system, code: code ?? '', ...(types && { types }) }];
}

function words(text: string | undefined): SearchValue[] {
  return text === undefined ? [] : [{ kind: 'words', normal: normalText(text) }];
}

const ELSEWHERE = { type: undefined, id: undefined, url: undefined, version: undefined };

function reference(value: unknown): SearchValue[] {
  if (typeof value === 'string') return [canonical(value)];
  const { resourceType, id } = value as Partial<Resource>;
  if (resourceType !== undefined) {
    if (id === undefined) return [];
    return [pointing({ ...ELSEWHERE, type: resourceType, id, url: `${resourceType}/${id}` })];
  }
  const { reference: text, identifier } = value as Reference;
  const named = identifier?.value === undefined ? undefined : identifier;
  const logical = named && { system: named.system, code: named.value ?? '' };
  // What is contained is no resource of its own, and has no address to be asked for.
  if (text === undefined || text.startsWith('#')) {
    return logical === undefined ? [] : [{ kind: 'reference', ...ELSEWHERE, identifier: logical }];
  }
  const target = parseReference(text);
  if (target === undefined)
    return [{ ...pointing({ ...ELSEWHERE, url: text }), identifier: logical }];
  const { base, type, id: targetId } = target;
  const url = `${base === undefined ? '' : `${base}/`}${type}/${targetId}`;
  return [{ ...pointing({ ...ELSEWHERE, type, id: targetId, url }), identifier: logical }];
}

function canonical(text: string): ReferenceValue {
  const at = text.lastIndexOf('|');
  if (at < 0) return pointing({ ...ELSEWHERE, url: text });
  return pointing({ ...ELSEWHERE, url: text.slice(0, at), version: text.slice(at + 1) });
}

function pointing(to: Omit<ReferenceValue, 'kind' | 'identifier'>): ReferenceValue {
  return { kind: 'reference', ...to, identifier: undefined };
}

function date(type: string, value: unknown): SearchValue[] {
  if (typeof value === 'string') return span(value, value);
  if (type === 'Period') {
    const { start, end } = value as Period;
    return start === undefined && end === undefined ? [] : span(start, end);
  }
  return type === 'Timing' ? timing(value as Timing) : [];
}

/** From the beginning of the first to the end of the last; what is not said is without end. */
function span(start: string | undefined, end: string | undefined): DateValue[] {
  const from = start === undefined ? ALL_TIME : readDate(start);
  const until = end === undefined ? ALL_TIME : readDate(end);
  if (from === undefined || until === undefined) return [];
  return [{ kind: 'date', low: from.fromMs, high: until.untilMs }];
}

/** The whole that its events or bounds span; how often within is not searched. */
function timing({ event = [], repeat }: Timing): SearchValue[] {
  const spans = event.flatMap((one) => span(one, one));
  if (repeat?.boundsPeriod !== undefined) {
    spans.push(...span(repeat.boundsPeriod.start, repeat.boundsPeriod.end));
  }
  if (spans.length === 0) return [];
  const low = Math.min(...spans.map((one) => one.low));
  return [{ kind: 'date', low, high: Math.max(...spans.map((one) => one.high)) }];
}

function strings(type: string, value: unknown): SearchValue[] {
  if (typeof value === 'string') return string(value);
  if (type === 'HumanName') {
    const { family, given = [], prefix = [], suffix = [], text } = value as HumanName;
    return [family, ...given, ...prefix, ...suffix, text].flatMap(string);
  }
  if (type === 'Address') {
    const { line = [], city, district, state, postalCode, country, text } = value as Address;
    return [...line, city, district, state, postalCode, country, text].flatMap(string);
  }
  return [];
}

function string(text: string | undefined): SearchValue[] {
  return text === undefined ? [] : [{ kind: 'string', text, normal: normalText(text) }];
}
