/**
 * Whether the rows of one resource pass a filter. What the database asks of its index, asked of one
 * resource: for a subscription that watches what is written, and for a read that a scope allows in
 * part. Chains ask of other resources, and are the database's alone.
 */
import { passes } from './range-test.ts';
import type {
  Comparison,
  QuantityComparison,
  ReferenceComparison,
  RowFilter,
  StringComparison,
  TokenComparison,
} from './search-query.ts';
import type { SearchRow } from './search-rows.ts';
import type { QuantityValue, ReferenceValue, SearchValue, StringValue } from './search-value.ts';

export function passesFilter(filter: RowFilter, rows: readonly SearchRow[]): boolean {
  const own = rows.filter(({ parameter }) => parameter === filter.parameter);
  if (filter.kind === 'missing') return (own.length === 0) === filter.isMissing;
  const isHeld = own.some(({ value }) => filter.comparisons.some((one) => holds(one, value)));
  return isHeld !== filter.isNot;
}

/** Rows of another kind than the question, such as the words beside a code, do not answer it. */
function holds(asked: Comparison, value: SearchValue): boolean {
  switch (asked.kind) {
    case 'token':
      return value.kind === 'token' && isToken(asked, value);
    case 'words':
      return value.kind === 'words' && value.normal.startsWith(asked.normal);
    case 'of-type': {
      if (value.kind !== 'token' || value.code !== asked.code) return false;
      const { types = [] } = value;
      return types.some(({ system, code }) => system === asked.system && code === asked.type);
    }
    case 'reference':
      return value.kind === 'reference' && isReference(asked, value);
    case 'identifier': {
      const identifier = value.kind === 'reference' ? value.identifier : undefined;
      return identifier !== undefined && isToken(asked.token, identifier);
    }
    case 'date':
    case 'number':
      return value.kind === asked.kind && passes(asked.test, value);
    case 'quantity':
      return value.kind === 'quantity' && isQuantity(asked, value);
    case 'string':
      return value.kind === 'string' && isString(asked, value);
    case 'uri':
      return value.kind === 'uri' && isUri(asked.match, asked.uri, value.uri);
    case 'composite':
      return value.kind === 'composite' && areParts(asked.parts, value.parts);
    default:
      return asked satisfies never;
  }
}

function isToken(
  asked: Omit<TokenComparison, 'kind'>,
  { system, code }: { readonly system: string | undefined; readonly code: string },
): boolean {
  if (asked.system !== undefined && asked.system !== (system ?? '')) return false;
  return asked.code === undefined || asked.code === code;
}

/** "7" is any resource of that id here; a URL is what was written, of the version that was named. */
function isReference(asked: ReferenceComparison, value: ReferenceValue): boolean {
  if (asked.url !== undefined) {
    return (
      asked.url === value.url && (asked.version === undefined || asked.version === value.version)
    );
  }
  if (asked.id !== value.id) return false;
  if (asked.type !== undefined && asked.type !== value.type) return false;
  return value.url === `${value.type}/${value.id}`;
}

function isQuantity(asked: QuantityComparison, value: QuantityValue): boolean {
  if (asked.canonical !== undefined) {
    const { canonical } = value;
    return canonical?.unit === asked.canonical.unit && passes(asked.canonical.test, canonical);
  }
  if (!passes(asked.test, value)) return false;
  if (asked.system !== undefined) return value.system === asked.system && value.code === asked.code;
  return asked.code === undefined || value.code === asked.code || value.unit === asked.code;
}

function isString({ match, text }: StringComparison, value: StringValue): boolean {
  switch (match) {
    case 'exact':
      return value.text === text;
    case 'contains':
      return value.normal.includes(text);
    case 'starts':
      return value.normal.startsWith(text);
    default:
      return match satisfies never;
  }
}

/** Below is what lies under it in a path: "http://x/a" has "http://x/a/b" below, not "http://x/ab". */
function isUri(match: 'equal' | 'below' | 'above', asked: string, value: string): boolean {
  if (match === 'equal' || asked === value) return asked === value;
  const [upper, lower] = match === 'below' ? [asked, value] : [value, asked];
  return lower.startsWith(upper.endsWith('/') ? upper : `${upper}/`);
}

function areParts(asked: readonly Comparison[], values: readonly SearchValue[]): boolean {
  return asked.every((part, index) => {
    const value = values[index];
    return value !== undefined && holds(part, value);
  });
}
