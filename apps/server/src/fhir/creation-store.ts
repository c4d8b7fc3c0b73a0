/** SQL of new documents: all of them with their index are one statement, and a transaction of its own. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { IndexEntries } from './index-entries.ts';
import type { WrittenRow } from './store.ts';
import { DOCS_OF_BLOCK } from './token-store.ts';

export interface CreatedDocument {
  readonly row: WrittenRow & { readonly sealed: Uint8Array };
  readonly entries: IndexEntries;
}

interface Lane {
  readonly lane: number;
  readonly fence: number;
}

export async function createDocuments(
  sql: postgres.Sql,
  organisationId: OrganisationId,
  { lane, fence }: Lane,
  { created, mark }: { readonly created: readonly CreatedDocument[]; readonly mark: number },
): Promise<void> {
  const rows = created.map(({ row }) => row);
  const { sets, ofDocument } = tokenSets(rows);
  const { tokens, blocks, bits } = tokenRows(rows);
  let end = 0;
  const ends = rows.map(({ sealed }) => {
    end += sealed.length;
    return end;
  });
  const contents = Buffer.concat(rows.map(({ sealed }) => sealed)).toString('base64');
  const ranges = created.flatMap(({ row: { doc }, entries }) =>
    entries.ranges.map((one) => ({ doc, ...one })),
  );
  const references = created.flatMap(({ row: { doc }, entries }) =>
    entries.references.map((one) => ({ doc, ...one })),
  );
  await sql`
    SELECT fhir_create(
      ${organisationId}, ${lane}, ${fence}, ${mark},
      ${rows.map(({ type }) => type)}::text[], ${rows.map(({ id }) => id)}::text[],
      ${numbers(rows, ({ doc }) => doc)}::bigint[], ${numbers(rows, (row) => row.updated_ms)}::bigint[],
      ${rows.map((row) => row.subject_id)}::uuid[], ${numbers(rows, ({ sealed }) => sealed.length)}::integer[],
      ${numbers(ends)}::integer[], ${numbers(ofDocument)}::integer[], ${contents}, ${sets}::text[],
      ${numbers(tokens)}::bigint[], ${numbers(blocks)}::bigint[], ${numbers(bits)}::bigint[],
      ${numbers(ranges, ({ doc }) => doc)}::bigint[], ${numbers(ranges, ({ name }) => name)}::bigint[],
      ${numbers(ranges, ({ low }) => low)}::float8[], ${numbers(ranges, ({ high }) => high)}::float8[],
      ${numbers(references, ({ doc }) => doc)}::bigint[],
      ${numbers(references, ({ name }) => name)}::bigint[],
      ${references.map(({ targetType }) => targetType)}::text[],
      ${references.map(({ targetId }) => targetId)}::text[])`;
}

/** As PostgreSQL reads an array: the driver would look at each number by itself. */
function numbers(values: readonly number[]): string;
function numbers<One>(values: readonly One[], of: (one: One) => number): string;
function numbers<One>(values: readonly One[], of?: (one: One) => number): string {
  return `{${(of === undefined ? values : values.map(of)).join()}}`;
}

/** Documents of one sender have the same tokens: each set of them travels once. Counted from one. */
function tokenSets(rows: readonly WrittenRow[]) {
  const places = new Map<string, number>();
  const ofDocument = rows.map(({ tokens }) => {
    const set = numbers(tokens);
    const place = places.get(set) ?? places.size + 1;
    places.set(set, place);
    return place;
  });
  return { sets: [...places.keys()], ofDocument };
}

/** Of each token the blocks of documents that have it, in the order of the index. */
function tokenRows(rows: readonly WrittenRow[]) {
  const byToken = new Map<number, Map<number, number>>();
  for (const { doc, tokens } of rows) {
    const block = Math.floor(doc / DOCS_OF_BLOCK);
    // A document has a token once, and comes once: its bit is never there before.
    const bit = 2 ** (doc % DOCS_OF_BLOCK);
    for (const token of tokens) {
      const blocks = byToken.get(token) ?? new Map<number, number>();
      byToken.set(token, blocks);
      blocks.set(block, (blocks.get(block) ?? 0) + bit);
    }
  }
  const all = [...byToken].flatMap(([token, blocks]) =>
    [...blocks].map(([block, bits]) => ({ token, block, bits })),
  );
  all.sort((a, b) => a.token - b.token || a.block - b.block);
  return {
    tokens: all.map(({ token }) => token),
    blocks: all.map(({ block }) => block),
    bits: all.map(({ bits }) => bits),
  };
}
