/**
 * The arrays that we send and are sent. The driver would ask each new connection which arrays there are, and a
 * connection that is lost during that very question would end the whole process: nobody hears of it there
 * (porsager/postgres issue 1192). An array that is not named here is refused by PostgreSQL, and arrives as its text.
 */
import { parse } from 'postgres-array';
import { UNWRITABLE } from './written-values.ts';

type Item = string | number;

interface ArrayType {
  readonly to: number;
  readonly from: number[];
  readonly serialize: (items: readonly (Item | null)[] | string) => string;
  readonly parse: (text: string) => (Item | null)[];
}

/** Of PostgreSQL's catalogue, pg_type. */
const OIDS = {
  integers: 1007,
  texts: 1009,
  bigints: 1016,
  doubles: 1022,
  uuids: 2951,
} as const;

const asText = (text: string): string => text;

/** A bigint is read as everywhere else, and checked there to be within 53 bits. */
export function arrayTypes(bigint: (text: string) => number): Record<keyof typeof OIDS, ArrayType> {
  const typeOf = (oid: number, parseItem: (text: string) => Item): ArrayType => ({
    to: oid,
    from: [oid],
    serialize: arrayText,
    parse: (text) => parse(text, parseItem),
  });
  return {
    integers: typeOf(OIDS.integers, Number),
    texts: typeOf(OIDS.texts, asText),
    bigints: typeOf(OIDS.bigints, bigint),
    doubles: typeOf(OIDS.doubles, Number),
    uuids: typeOf(OIDS.uuids, asText),
  };
}

/** One dimension, as PostgreSQL reads it; a text is one already. */
function arrayText(items: readonly (Item | null)[] | string): string {
  if (typeof items === 'string') return items;
  return `{${items.map(itemText).join(',')}}`;
}

function itemText(item: unknown): string {
  if (item === null) return 'NULL';
  if (typeof item === 'string') return `"${item.replaceAll(/["\\]/g, '\\$&')}"`;
  return typeof item === 'number' ? String(item) : UNWRITABLE;
}
