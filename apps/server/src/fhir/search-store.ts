/** SQL of searches: conditions as one question to the index, a page at a time. */
import { instantSpan, type RangeTest } from '@ausculta/fhir/range-test';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { Condition } from './conditions.ts';
import { SearchShapes } from './search-shapes.ts';
import { type Fetched, unkept, type VersionRow, withinBytes } from './store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;
type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What pages are ordered by, before the documents' own order. */
export interface SortColumn {
  /** Of the document, or of a range by its name. */
  readonly by: 'updated' | 'id' | { readonly range: number };
  readonly descending: boolean;
}

/** Where a page begins: after the document with these. */
export interface PagePosition {
  readonly values: readonly (number | string | null)[];
  readonly doc: number;
}

export interface SearchQuestion {
  readonly types: readonly string[];
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortColumn[];
  readonly after: PagePosition | undefined;
  readonly limit: number;
}

export interface FoundRow extends VersionRow {
  readonly doc: number;
  readonly sealed: Uint8Array;
  readonly sorted: readonly (number | string | null)[];
}

const SHAPES = new SearchShapes();

export async function searchDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  question: SearchQuestion,
): Promise<Fetched<FoundRow>> {
  const { sort, after, limit } = question;
  const keys = sort.map((column) => sortKey(sql, column));
  const order = keys.map((key, at) => {
    const way = sort[at]?.descending ? sql`DESC` : sql`ASC`;
    return mayLack(sort[at]) ? sql`${key} ${way} NULLS LAST, ` : sql`${key} ${way}, `;
  });
  const sorted = keys.map((key) => sql`to_jsonb(${key}), `);
  return await withinBytes(
    sql,
    sql`
    SELECT d.doc, d.type, d.id, d.version, d.updated_ms, d.subject_id, d.sealed,
      jsonb_build_array(${inARow(sql, sorted)} NULL) AS sorted
    FROM fhir_document AS d
    WHERE ${wanted(sql, organisationId, question)}
      ${after === undefined ? sql`` : sql`AND ${isAfter(sql, keys, sort, after)}`}
    ORDER BY ${inARow(sql, order)} ${docOrder(sql, question)} LIMIT ${limit}`,
    { isKept: SHAPES.isKept('page', question) },
  );
}

export async function countDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  question: Pick<SearchQuestion, 'types' | 'conditions'>,
): Promise<number> {
  const query = sql<{ count: number }[]>`
    SELECT count(*) AS count FROM fhir_document AS d
    WHERE ${wanted(sql, organisationId, question)}`;
  const [row] = await (SHAPES.isKept('count', question) ? query : unkept(query));
  return row?.count ?? 0;
}

/** The ids of `type` that documents which pass refer to by a parameter. */
export async function referredIds(
  sql: Sql,
  organisationId: OrganisationId,
  asked: { name: number; type: string; from: string; passing: Condition; limit: number },
): Promise<string[]> {
  const { name, type, from, passing, limit } = asked;
  const query = sql<{ target_id: string }[]>`
    SELECT DISTINCT r.target_id FROM fhir_reference AS r JOIN fhir_document AS d ON d.doc = r.doc
    WHERE r.organisation_id = ${organisationId} AND r.name = ${name} AND r.target_type = ${type}
      AND ${wanted(sql, organisationId, { types: [from], conditions: [passing] })}
    LIMIT ${limit}`;
  const isKept = SHAPES.isKept('referred', { conditions: [passing] });
  const rows = await (isKept ? query : unkept(query));
  return rows.map((row) => row.target_id);
}

/**
 * Of documents that refer to one of these, so many at most; one that does so twice is there twice. In the
 * order of the index that has them: where most refer to a few, the planner would walk all of them.
 */
export async function referringDocs(
  sql: Sql,
  organisationId: OrganisationId,
  { names, type, ids, limit }: Extract<Condition, { kind: 'refers' }> & { readonly limit: number },
): Promise<number[]> {
  const rows = await sql<{ doc: number }[]>`
    SELECT doc FROM fhir_reference
    WHERE target_id = ANY(${[...ids]}::text[]) AND name = ANY(${[...names]}::bigint[])
      ${type === undefined ? sql`` : sql`AND target_type = ${type}`}
      AND organisation_id = ${organisationId}
    ORDER BY target_id, target_type, name LIMIT ${limit}`;
  return rows.map(({ doc }) => doc);
}

function wanted(
  sql: Sql,
  organisationId: OrganisationId,
  { types, conditions }: Pick<SearchQuestion, 'types' | 'conditions'>,
): Fragment {
  const [type, ...others] = types;
  const isOfType =
    others.length === 0 ? sql`d.type = ${type ?? ''}` : sql`d.type = ANY(${types as string[]})`;
  return sql`d.organisation_id = ${organisationId} AND ${isOfType} AND d.sealed IS NOT NULL
    AND ${conditionSql(sql, { kind: 'all', of: conditions }, 'd')}`;
}

/**
 * The index keeps documents of a type in their order, and walking it is quick when most of them pass.
 * Where a token is asked for few do, and the planner, which does not know which token, must not walk.
 */
function docOrder(sql: Sql, { conditions }: SearchQuestion): Fragment {
  const isSelective = conditions.some(({ kind }) => kind !== 'not' && kind !== 'updated');
  return isSelective ? sql`d.doc + 0` : sql`d.doc`;
}

function sortKey(sql: Sql, { by, descending }: SortColumn): Fragment {
  if (by === 'updated') return sql`d.updated_ms`;
  if (by === 'id') return sql`d.id`;
  // Where there are several, the one that puts the document first.
  const end = descending ? sql`max(s.low)` : sql`min(s.low)`;
  return sql`(SELECT ${end} FROM fhir_range AS s WHERE s.doc = d.doc AND s.name = ${by.range}
    AND s.low > '-Infinity')`;
}

/** Every document has an id and a time of its last change: an index puts them in order, and knows no nulls. */
const mayLack = (column: SortColumn | undefined): boolean => typeof column?.by === 'object';

/** Beyond the first value, or equal in it and beyond the second, and so on; what has none comes last. */
function isAfter(
  sql: Sql,
  keys: readonly Fragment[],
  sort: readonly SortColumn[],
  { values, doc }: PagePosition,
): Fragment {
  let rest: Fragment = sql`d.doc > ${doc}`;
  for (const [at, key] of [...keys.entries()].reverse()) {
    const value = values[at] ?? null;
    const column = sort[at] as SortColumn;
    if (value === null) {
      rest = sql`(${key} IS NULL AND ${rest})`;
      continue;
    }
    const typed = typedValue(sql, column, value);
    const beyond = column.descending ? sql`${key} < ${typed}` : sql`${key} > ${typed}`;
    if (mayLack(column)) {
      rest = sql`(${beyond} OR ${key} IS NULL OR (${key} = ${typed} AND ${rest}))`;
      continue;
    }
    // An index begins at the value itself.
    const atLeast = column.descending ? sql`${key} <= ${typed}` : sql`${key} >= ${typed}`;
    rest = sql`(${atLeast} AND (${beyond} OR ${rest}))`;
  }
  return rest;
}

function typedValue(sql: Sql, { by }: SortColumn, value: number | string): Fragment {
  if (by === 'id') return sql`${String(value)}::text`;
  return by === 'updated' ? sql`${Number(value)}::bigint` : sql`${Number(value)}::float8`;
}

function conditionSql(sql: Sql, condition: Condition, of: string): Fragment {
  const column = (name: string) => sql(`${of}.${name}`);
  const inner = (one: Condition): Fragment => conditionSql(sql, one, of);
  switch (condition.kind) {
    case 'tokens':
      return sql`${column('tokens')} && ${[...condition.anyOf]}::bigint[]`;
    case 'updated':
      return instantSql(sql, condition.test, column('updated_ms'));
    case 'type':
      return sql`${column('type')} = ${condition.type}`;
    case 'ids':
      return sql`${column('id')} = ANY(${[...condition.ids]}::text[])`;
    case 'docs':
      return sql`${column('doc')} = ANY(${[...condition.docs]}::bigint[])`;
    case 'range': {
      const ends = { low: sql('r.low'), high: sql('r.high') };
      return sql`EXISTS (SELECT FROM fhir_range AS r WHERE r.doc = ${column('doc')}
        AND r.name = ${condition.name} AND ${testSql(sql, condition.test, ends)})`;
    }
    case 'refers':
      // By its offset it stays a question of each document: where few refer, they were looked up before.
      return sql`EXISTS (SELECT FROM fhir_reference AS r WHERE r.doc = ${column('doc')}
        AND r.name = ANY(${[...condition.names]}::bigint[])
        ${condition.type === undefined ? sql`` : sql`AND r.target_type = ${condition.type}`}
        AND r.target_id = ANY(${[...condition.ids]}::text[]) OFFSET 0)`;
    case 'chain':
    case 'has':
      return followedSql(sql, condition, of);
    case 'not':
      return sql`NOT (${inner(condition.of)})`;
    case 'all':
      return allSql(sql, condition.of, of);
    case 'any':
      if (condition.of.length === 0) return sql`false`;
      return sql`(${joined(sql, condition.of.map(inner), sql` OR `)})`;
    default:
      return condition satisfies never;
  }
}

/** Tokens that must all be there are one question: the index meets them with one another. */
function allSql(sql: Sql, conditions: readonly Condition[], of: string): Fragment {
  if (conditions.length === 0) return sql`true`;
  const needed: number[] = [];
  const others: Condition[] = [];
  for (const one of conditions) {
    const [token, ...more] = one.kind === 'tokens' ? one.anyOf : [];
    if (token !== undefined && more.length === 0) needed.push(token);
    else others.push(one);
  }
  const parts = others.map((one) => conditionSql(sql, one, of));
  if (needed.length > 0) parts.unshift(sql`${sql(`${of}.tokens`)} @> ${needed}::bigint[]`);
  return sql`(${joined(sql, parts, sql` AND `)})`;
}

function followedSql(
  sql: Sql,
  condition: Extract<Condition, { kind: 'chain' | 'has' }>,
  of: string,
): Fragment {
  const column = (name: string) => sql(`${of}.${name}`);
  const other = `${of}o`;
  const their = (name: string) => sql(`${other}.${name}`);
  const passes = sql`${their('sealed')} IS NOT NULL AND ${their('type')} = ${condition.type}
    AND ${conditionSql(sql, condition.passing, other)}`;
  if (condition.kind === 'chain') {
    return sql`EXISTS (SELECT FROM fhir_reference AS r JOIN fhir_document AS ${sql(other)}
      ON ${their('organisation_id')} = r.organisation_id AND ${their('type')} = r.target_type
        AND ${their('id')} = r.target_id
      WHERE r.doc = ${column('doc')} AND r.name = ${condition.name} AND ${passes})`;
  }
  return sql`EXISTS (SELECT FROM fhir_reference AS r JOIN fhir_document AS ${sql(other)}
    ON ${their('doc')} = r.doc
    WHERE r.organisation_id = ${column('organisation_id')} AND r.target_type = ${column('type')}
      AND r.target_id = ${column('id')} AND r.name = ${condition.name} AND ${passes})`;
}

function inARow(sql: Sql, parts: readonly Fragment[]): Fragment {
  return parts.reduce((before, part) => sql`${before}${part}`, sql``);
}

function joined(sql: Sql, parts: readonly Fragment[], by: Fragment): Fragment {
  return parts.reduce((before, part) => sql`${before}${by}${part}`);
}

type Column = ReturnType<typeof columnOf>;
const columnOf = (sql: Sql, name: string) => sql(name);

function testSql(
  sql: Sql,
  test: RangeTest,
  ends: { readonly low: Column; readonly high: Column },
): Fragment {
  const bounds = test.bounds.map(({ end, operator, value }) => {
    const given = ends[end];
    switch (operator) {
      case '<':
        return sql`${given} < ${value}::float8`;
      case '<=':
        return sql`${given} <= ${value}::float8`;
      case '>':
        return sql`${given} > ${value}::float8`;
      case '>=':
        return sql`${given} >= ${value}::float8`;
      default:
        return operator satisfies never;
    }
  });
  const all = joined(sql, bounds, test.combine === 'all' ? sql` AND ` : sql` OR `);
  return test.isNot ? sql`NOT (${all})` : sql`(${all})`;
}

/** In whole milliseconds, of which an index can begin at one and end before another. */
function instantSql(sql: Sql, test: RangeTest, column: Column): Fragment {
  const { from, until } = instantSpan(test);
  const parts = [
    ...(from === undefined ? [] : [sql`${column} >= ${from}::bigint`]),
    ...(until === undefined ? [] : [sql`${column} < ${until}::bigint`]),
  ];
  const all = joined(sql, parts, test.combine === 'all' ? sql` AND ` : sql` OR `);
  return test.isNot ? sql`NOT (${all})` : sql`(${all})`;
}
