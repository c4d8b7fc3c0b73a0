/** SQL of the ledger of disclosures: an entry grows during its day, and is never taken back. */
import type { DataClass, Purpose } from '@ausculta/policy/vocabulary';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

/** By which way it left: asked for by another house or by a program, taken along, sent by us. */
export const WAYS = ['grant', 'program', 'export', 'subscription', 'write-back'] as const;
export type Way = (typeof WAYS)[number];

/** What it rests on: care and law, a consent, a grant to another house, the person's own request. */
export type Basis = 'law' | 'consent' | 'grant' | 'own-request';

export interface DisclosureRow {
  readonly organisation_id: string;
  readonly subject_id: string;
  readonly day_ms: number;
  readonly way: Way;
  readonly recipient: string;
  readonly purpose: Purpose;
  readonly basis: Basis;
  readonly paper: string;
  readonly place: string | null;
  readonly classes: readonly DataClass[];
  readonly first_ms: number;
  readonly last_ms: number;
  readonly times: number;
  readonly data_from_ms: number | null;
  readonly data_until_ms: number | null;
  readonly onward: 'none' | 'same-purpose' | null;
}

/** Of one key there is one row among them. What of any time was told makes the whole entry of any time. */
export async function writeDisclosures(sql: Sql, rows: readonly DisclosureRow[]): Promise<void> {
  await sql`
    INSERT INTO disclosure AS d
      (organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper, place, classes,
        first_ms, last_ms, times, data_from_ms, data_until_ms, onward)
    SELECT organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper, place,
      string_to_array(classes, ' '), first_ms, last_ms, times, data_from_ms, data_until_ms, onward
    FROM jsonb_to_recordset(${JSON.stringify(rows.map(flat))}::text::jsonb) AS row (
      organisation_id uuid, subject_id uuid, day_ms bigint, way text, recipient text, purpose text,
      basis text, paper text, place text, classes text, first_ms bigint, last_ms bigint,
      times bigint, data_from_ms bigint, data_until_ms bigint, onward text)
    ON CONFLICT (organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper)
    DO UPDATE SET
      classes = ARRAY(SELECT DISTINCT unnest(d.classes || excluded.classes) ORDER BY 1),
      last_ms = greatest(d.last_ms, excluded.last_ms),
      times = d.times + excluded.times,
      data_from_ms = CASE WHEN d.data_from_ms IS NULL OR excluded.data_from_ms IS NULL THEN NULL
        ELSE least(d.data_from_ms, excluded.data_from_ms) END,
      data_until_ms = CASE WHEN d.data_until_ms IS NULL OR excluded.data_until_ms IS NULL THEN NULL
        ELSE greatest(d.data_until_ms, excluded.data_until_ms) END`;
}

const flat = (row: DisclosureRow) => ({ ...row, classes: row.classes.join(' ') });

/** The newest first. */
export async function readDisclosures(
  sql: Sql,
  page: {
    readonly organisationId: string;
    readonly subjectId: string;
    readonly beforeMs: number;
    readonly limit: number;
  },
): Promise<DisclosureRow[]> {
  const { organisationId, subjectId, beforeMs, limit } = page;
  return await sql`
    SELECT * FROM disclosure
    WHERE organisation_id = ${organisationId} AND subject_id = ${subjectId}
      AND day_ms < ${beforeMs}
    ORDER BY day_ms DESC, last_ms DESC, recipient, way LIMIT ${limit}`;
}

export interface RecipientRow {
  readonly recipient: string;
  readonly way: Way;
  readonly place: string | null;
  readonly last_ms: number;
}

/** Everybody who has got something of the person, but for what they took along themself. */
export async function recipientsOf(
  sql: Sql,
  { organisationId, subjectId }: { organisationId: string; subjectId: string },
): Promise<RecipientRow[]> {
  return await sql`
    SELECT recipient, way, max(place) AS place, max(last_ms) AS last_ms FROM disclosure
    WHERE organisation_id = ${organisationId} AND subject_id = ${subjectId}
      AND basis <> 'own-request'
    GROUP BY recipient, way ORDER BY recipient, way`;
}

/** Of recipients that have one: accounts, programs of others, houses. */
export async function namesOfRecipients(
  sql: Sql,
  recipients: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const asked = [...recipients];
  const rows = await sql<{ recipient: string; name: string }[]>`
    SELECT 'account/' || id AS recipient, display_name AS name FROM account
    WHERE 'account/' || id = ANY(${asked}::text[])
    UNION ALL SELECT 'client/' || id, name FROM oidc_client
    WHERE 'client/' || id = ANY(${asked}::text[])
    UNION ALL SELECT 'organisation/' || id, name FROM organisation
    WHERE 'organisation/' || id = ANY(${asked}::text[])`;
  return new Map(rows.map((row) => [row.recipient, row.name]));
}
