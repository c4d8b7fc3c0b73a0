/** SQL of exports in bulk: what was asked for, and what each file holds by name. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { FoundRow } from '../search-store.ts';
import { type Fetched, withinBytes } from '../store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ExportRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly asked_ms: number;
  readonly expires_ms: number;
  readonly request: string;
  readonly types: readonly string[] | null;
  readonly since_ms: number | null;
  readonly of_patients: boolean;
  readonly patients: readonly SubjectId[] | null;
  readonly at_type: string;
  readonly at_doc: number;
  readonly at_subject: string;
  readonly is_ready: boolean;
  readonly unreadable: readonly string[];
  /** Sealed; null where nothing narrows it. */
  readonly filters: Uint8Array | null;
}

export interface FileRow {
  readonly file: number;
  readonly type: string;
  readonly ids: readonly string[];
  readonly versions: readonly number[];
  readonly subject_id: SubjectId | null;
}

export async function insertExport(sql: Sql, row: ExportRow): Promise<void> {
  const { types, patients, unreadable } = row;
  await sql`
    INSERT INTO fhir_export (organisation_id, id, asked_ms, expires_ms, request, types, since_ms,
      of_patients, patients, at_type, at_doc, at_subject, is_ready, unreadable, filters)
    SELECT ${row.organisation_id}, ${row.id}, ${row.asked_ms}, ${row.expires_ms}, ${row.request},
      ${types && [...types]}::text[], ${row.since_ms}, ${row.of_patients},
      ${patients && [...patients]}::uuid[], ${row.at_type}, ${row.at_doc}, ${row.at_subject}, ${row.is_ready},
      ${[...unreadable]}::text[], ${row.filters}::bytea`;
}

export async function readExport(
  sql: Sql,
  organisationId: OrganisationId,
  id: string,
): Promise<ExportRow | undefined> {
  const [row] = await sql<ExportRow[]>`
    SELECT * FROM fhir_export WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return row;
}

export async function countUnready(sql: Sql, organisationId: OrganisationId): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*) AS count FROM fhir_export
    WHERE organisation_id = ${organisationId} AND NOT is_ready`;
  return row?.count ?? 0;
}

/** Of all organisations: what was being prepared when the server stopped. */
export async function readUnready(sql: Sql): Promise<Pick<ExportRow, 'organisation_id' | 'id'>[]> {
  return await sql`SELECT organisation_id, id FROM fhir_export WHERE NOT is_ready ORDER BY asked_ms`;
}

export async function deleteExport(
  sql: Sql,
  organisationId: OrganisationId,
  id: string,
): Promise<boolean> {
  const gone = await sql`
    DELETE FROM fhir_export WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return gone.count === 1;
}

/** Of all organisations. */
export async function deleteExpired(sql: Sql, nowMs: number): Promise<void> {
  await sql`DELETE FROM fhir_export WHERE expires_ms <= ${nowMs}`;
}

export async function listFiles(
  sql: Sql,
  organisationId: OrganisationId,
  exportId: string,
): Promise<(Pick<FileRow, 'file' | 'type' | 'subject_id'> & { readonly count: number })[]> {
  return await sql`
    SELECT file, type, subject_id, cardinality(ids) AS count FROM fhir_export_file
    WHERE organisation_id = ${organisationId} AND export_id = ${exportId} ORDER BY file`;
}

export async function readFile(
  sql: Sql,
  organisationId: OrganisationId,
  { exportId, file }: { readonly exportId: string; readonly file: number },
): Promise<FileRow | undefined> {
  const [row] = await sql<FileRow[]>`
    SELECT file, type, ids, versions, subject_id FROM fhir_export_file
    WHERE organisation_id = ${organisationId} AND export_id = ${exportId} AND file = ${file}`;
  return row;
}

/** What one step of the preparation has found: the file, and where the next step begins. */
export interface Step {
  readonly exportId: string;
  readonly file: Omit<FileRow, 'file'> | undefined;
  readonly at: { readonly type: string; readonly doc: number; readonly subject: string };
  readonly unreadable: readonly string[];
}

/** False when the export has been given up meanwhile. */
export async function writeStep(
  sql: Sql,
  organisationId: OrganisationId,
  { exportId, file, at, unreadable }: Step,
): Promise<boolean> {
  const known = await sql`
    UPDATE fhir_export SET at_type = ${at.type}, at_doc = ${at.doc}, at_subject = ${at.subject},
      unreadable = unreadable || ${[...unreadable]}::text[]
    WHERE organisation_id = ${organisationId} AND id = ${exportId}`;
  if (known.count === 0) return false;
  if (file === undefined) return true;
  const { type, ids, versions, subject_id } = file;
  await sql`
    INSERT INTO fhir_export_file (organisation_id, export_id, file, type, ids, versions, subject_id)
    SELECT ${organisationId}, ${exportId},
      1 + coalesce((SELECT max(f.file) FROM fhir_export_file AS f
        WHERE f.organisation_id = ${organisationId} AND f.export_id = ${exportId}), 0),
      ${type}, ${[...ids]}::text[], ${[...versions]}::bigint[], ${subject_id}::uuid`;
  return true;
}

export async function setReady(
  sql: Sql,
  organisationId: OrganisationId,
  exportId: string,
): Promise<void> {
  await sql`
    UPDATE fhir_export SET is_ready = true
    WHERE organisation_id = ${organisationId} AND id = ${exportId}`;
}

export type FoundThen = FoundRow & { readonly is_past: boolean };

export interface ThenAsked {
  readonly type: string;
  readonly afterDoc: number;
  readonly askedMs: number;
  readonly sinceMs: number | null;
  /** By which references it is of a patient, and of which; undefined where that does not matter. */
  readonly ofPatients:
    | { readonly names: readonly number[]; readonly patients: readonly string[] | null }
    | undefined;
  readonly limit: number;
}

/**
 * Documents of a type as they were at that time, in their order. Of one that has been changed since, what
 * it referred to then stands in its content alone: it is found whoever is asked for, and says so. Those
 * are few, and the index by change has them: by any other all documents of the type would be walked.
 */
export async function readDocumentsThen(
  sql: Sql,
  organisationId: OrganisationId,
  { type, afterDoc, askedMs, sinceMs, ofPatients, limit }: ThenAsked,
): Promise<Fetched<FoundThen>> {
  const isOfPatient =
    ofPatients === undefined
      ? sql``
      : sql`AND EXISTS (SELECT FROM fhir_reference AS r WHERE r.doc = d.doc
          AND r.name = ANY(${[...ofPatients.names]}::bigint[]) AND r.target_type = 'Patient'
          ${
            ofPatients.patients === null
              ? sql``
              : sql`AND r.target_id = ANY(${[...ofPatients.patients]}::text[])`
          })`;
  const isWanted = sql`d.organisation_id = ${organisationId} AND d.type = ${type}
    AND d.doc > ${afterDoc}`;
  return await withinBytes(
    sql,
    sql`
    (SELECT d.doc, d.type, d.id, d.version, d.updated_ms, d.subject_id, d.sealed,
       '[]'::jsonb AS sorted, false AS is_past
     FROM fhir_document AS d
     WHERE ${isWanted} AND d.updated_ms <= ${askedMs} AND d.sealed IS NOT NULL
       ${sinceMs === null ? sql`` : sql`AND d.updated_ms >= ${sinceMs}`} ${isOfPatient}
     ORDER BY d.doc LIMIT ${limit})
    UNION ALL
    (SELECT d.doc, d.type, d.id, v.version, v.updated_ms, v.subject_id, v.sealed,
       '[]'::jsonb AS sorted, true AS is_past
     FROM fhir_document AS d CROSS JOIN LATERAL (
       SELECT h.version, h.updated_ms, h.subject_id, h.sealed FROM fhir_history AS h
       WHERE h.organisation_id = ${organisationId} AND h.type = ${type} AND h.id = d.id
         AND h.updated_ms <= ${askedMs}
       ORDER BY h.version DESC LIMIT 1
     ) AS v
     WHERE d.organisation_id = ${organisationId} AND d.updated_ms > ${askedMs}
       AND d.type || '' = ${type} AND d.doc + 0 > ${afterDoc} AND v.sealed IS NOT NULL
       ${sinceMs === null ? sql`` : sql`AND v.updated_ms >= ${sinceMs}`}
     ORDER BY d.doc + 0 LIMIT ${limit})
    ORDER BY doc LIMIT ${limit}`,
  );
}

export type VersionThen = Omit<FoundRow, 'doc' | 'sorted'> & {
  /** Of what was asked for, from 1. */
  readonly place: number;
};

/** These versions, as far as they are still there, in the order in which they are asked for. */
export async function readVersions(
  sql: Sql,
  organisationId: OrganisationId,
  { type, ids, versions }: Pick<FileRow, 'type' | 'ids' | 'versions'>,
): Promise<Fetched<VersionThen>> {
  return await withinBytes(
    sql,
    sql`
    SELECT found.*, asked.place::int AS place FROM unnest(${[...ids]}::text[], ${[...versions]}::bigint[])
      WITH ORDINALITY AS asked (id, version, place)
    CROSS JOIN LATERAL (
      SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_document
      WHERE organisation_id = ${organisationId} AND type = ${type} AND id = asked.id
        AND version = asked.version
      UNION ALL
      SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_history
      WHERE organisation_id = ${organisationId} AND type = ${type} AND id = asked.id
        AND version = asked.version
    ) AS found
    WHERE found.sealed IS NOT NULL ORDER BY asked.place`,
  );
}
