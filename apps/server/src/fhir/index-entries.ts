/**
 * The rows of a resource's index as they are stored. Whatever can be equal or not is a token, made
 * with a key that only we have: a name, a number, a code are not to be read in them. Times and amounts
 * are spans in clear, and references to resources here are kept so that they can be followed.
 *
 * `conditions.ts` asks by the same names; both say here how they are made.
 */
import { readDate } from '@ausculta/fhir/date-range';
import type { Span } from '@ausculta/fhir/range-test';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type {
  QuantityValue,
  ReferenceValue,
  SearchValue,
  StringValue,
  TokenValue,
} from '@ausculta/fhir/search-value';
import { SYSTEM } from '@ausculta/fhir/systems';
import type { Hash } from './search-hash.ts';

/** Raised when rows are made otherwise than before. */
const RULES = 1;
/** Came from another installation, without rows of an index. */
export const NOT_INDEXED = 0;
const MARKS = 32_767;

/** By which rules and with which key a document was indexed: what has another mark is indexed anew. */
export function indexMark(hash: Hash): number {
  return 1 + (hash(`rules ${RULES}`) % MARKS);
}

export interface RangeEntry {
  readonly name: number;
  readonly low: number;
  readonly high: number;
}

export interface ReferenceEntry {
  readonly name: number;
  readonly targetType: string;
  readonly targetId: string;
}

export interface IndexEntries {
  readonly tokens: readonly number[];
  readonly ranges: readonly RangeEntry[];
  readonly references: readonly ReferenceEntry[];
}

/** Columns of the document itself answer these. */
export const OWN_COLUMNS: readonly string[] = ['_id', '_lastUpdated'];

/** Both of an Observation's are asked instead, where the union is asked for. */
const UNIONS = /^combo-/;

/** Whether rows of a parameter are kept. */
export function isIndexed(type: string, parameter: string): boolean {
  return !OWN_COLUMNS.includes(parameter) && !(type === 'Observation' && UNIONS.test(parameter));
}

/** Days that tell a person: never in clear. */
const PERSONAL_DATES = ['birthdate', 'death-date'];

export const isPersonalDate = (parameter: string): boolean => PERSONAL_DATES.includes(parameter);

/** The parameters whose rows answer this one. */
export function storedAs(type: string, parameter: string): readonly string[] {
  if (type !== 'Observation' || !UNIONS.test(parameter)) return [parameter];
  const single = parameter.slice('combo-'.length);
  return [single, `component-${single}`];
}

/** What is hashed: the type and parameter, what kind of question it answers, and of what value. */
export function tokenText(type: string, parameter: string, kind: string, value = ''): string {
  return `${type}\u0001${parameter}\u0001${kind}\u0001${value}`;
}

/** Lengths of beginnings that are indexed. A longer one is looked up by its beginning, then compared. */
export const STRING_BEGINNINGS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24] as const;
export const WORDS_BEGINNINGS = [3, 8] as const;

export function indexEntries(type: string, rows: readonly SearchRow[], hash: Hash): IndexEntries {
  const tokens = new Set<number>();
  const ranges: RangeEntry[] = [];
  const references: ReferenceEntry[] = [];
  for (const { parameter, value } of rows) {
    if (value.kind === 'composite' || !isIndexed(type, parameter)) continue;
    const name = (kind: string, of?: string): number => hash(tokenText(type, parameter, kind, of));
    for (const text of tokensOf(value)) tokens.add(name(...text));
    tokens.add(name('present'));
    if (value.kind === 'date' && isPersonalDate(parameter)) {
      for (const text of personalDates(value)) tokens.add(name('within', text));
      continue;
    }
    for (const range of rangesOf(value)) {
      ranges.push({ name: name(...range.of), low: range.low, high: range.high });
    }
    if (value.kind === 'reference' && isHere(value)) {
      references.push({ name: name('to'), targetType: value.type, targetId: value.id });
    }
  }
  return { tokens: [...tokens], ranges, references };
}

const DAY_MS = 86_400_000;

/** "1980-03-05" lies within itself, its month and its year; "1980" within its year alone. */
function personalDates({ low, high }: Span): readonly string[] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [];
  const day = new Date(low).toISOString().slice(0, 10);
  const days = (high - low) / DAY_MS;
  const known = days <= 1 ? 10 : days <= 31 ? 7 : 4;
  return [4, 7, 10].filter((length) => length <= known).map((length) => day.slice(0, length));
}

/** The text that a span of exactly a day, a month or a year is asked by. */
export function calendarText({ low, high }: Span): string | undefined {
  const [longest] = personalDates({ low, high }).slice(-1);
  const next = longest === undefined ? undefined : readDate(longest);
  return next?.fromMs === low && next.untilMs === high ? longest : undefined;
}

type Named = readonly [kind: string, of?: string | undefined];

function tokensOf(value: SearchValue): readonly Named[] {
  switch (value.kind) {
    case 'token':
      return [...tokenNames('', value), ...typedNames(value)];
    case 'words':
      return beginnings('words', value.normal, WORDS_BEGINNINGS);
    case 'string':
      return stringNames(value);
    case 'uri':
      return [['uri', value.uri], ...ancestorsOf(value.uri).map((one): Named => ['below', one])];
    case 'reference':
      return referenceNames(value);
    default:
      return [];
  }
}

/** `code`, `system|code` and `system|`, each of which may be asked. */
function tokenNames(
  of: string,
  { system = '', code }: { readonly system?: string | undefined; readonly code: string },
): readonly Named[] {
  return [
    [`${of}code`, code],
    [`${of}both`, `${system}|${code}`],
    [`${of}system`, system],
  ];
}

function typedNames({ code, types = [] }: TokenValue): readonly Named[] {
  return types.map((type) => ['typed', `${type.system ?? ''}|${type.code}|${code}`]);
}

function stringNames({ text, normal }: StringValue): readonly Named[] {
  return [['exact', text], ...beginnings('starts', normal, STRING_BEGINNINGS)];
}

function beginnings(kind: string, text: string, lengths: readonly number[]): readonly Named[] {
  return lengths
    .filter((length) => length <= text.length)
    .map((length) => [kind, text.slice(0, length)]);
}

/** "http://x/a/b" lies below "http://x/a", "http://x" and itself. */
export function ancestorsOf(uri: string): string[] {
  const start = uri.indexOf('//') + 2;
  const found = [uri];
  for (let at = uri.lastIndexOf('/'); at >= Math.max(start, 1); at = uri.lastIndexOf('/', at - 1)) {
    found.push(uri.slice(0, at));
  }
  return found;
}

function referenceNames(value: ReferenceValue): readonly Named[] {
  const { url, version, identifier } = value;
  const names: Named[] = identifier === undefined ? [] : [...tokenNames('of-', identifier)];
  // What is here is asked for by the rows of references, never by its address.
  if (url === undefined || isHere(value)) return names;
  names.push(['url', url]);
  if (version !== undefined) names.push(['url', `${url}|${version}`]);
  return names;
}

/** Of another server's resource type and id are known, and lead nowhere here. */
function isHere(
  value: ReferenceValue,
): value is ReferenceValue & { readonly type: string; readonly id: string } {
  const { type, id, url } = value;
  return type !== undefined && id !== undefined && url === `${type}/${id}`;
}

interface NamedRange {
  readonly of: Named;
  readonly low: number;
  readonly high: number;
}

function rangesOf(value: SearchValue): readonly NamedRange[] {
  switch (value.kind) {
    case 'date':
    case 'number':
      return [{ of: ['span'], low: value.low, high: value.high }];
    case 'quantity':
      return quantityRanges(value);
    default:
      return [];
  }
}

/** The amount alone, and with its unit: in the common unit of its kind, where that is known. */
function quantityRanges(value: QuantityValue): readonly NamedRange[] {
  const { low, high, canonical, system, code } = value;
  const alone: NamedRange = { of: ['span'], low, high };
  if (canonical !== undefined) {
    return [alone, { ...canonical, of: ['in', `${SYSTEM.UCUM}|${canonical.unit}`] }];
  }
  if (system === undefined || code === undefined) return [alone];
  return [alone, { of: ['in', `${system}|${code}`], low, high }];
}
