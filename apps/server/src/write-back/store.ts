/** SQL of write-back: of whom, which days wait, and what was sent. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export type PatientState = 'looking' | 'found' | 'unmatched' | 'withdrawn';

export interface PatientRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly destination: string;
  readonly state: PatientState;
  readonly reason: string | null;
  readonly looked_ms: number | null;
  readonly changed_ms: number;
  readonly sealed: Uint8Array;
}

export interface DayKey {
  readonly subject_id: SubjectId;
  readonly destination: string;
  readonly day: string;
}

export interface DayRow extends DayKey {
  readonly organisation_id: OrganisationId;
  readonly revision: number;
  readonly failures: number;
}

export interface MarkedDay extends DayKey {
  readonly organisation_id: OrganisationId;
  readonly since_ms: number;
  readonly due_ms: number;
}

export interface SentRow extends DayKey {
  readonly organisation_id: OrganisationId;
  readonly metric: string;
  readonly sent_ms: number;
  readonly is_doubted: boolean;
  readonly sealed: Uint8Array;
}

/** A statement holds 65,535 parameters. */
const ROWS_AT_ONCE = 5_000;

export async function readPatients(sql: Sql): Promise<PatientRow[]> {
  return await sql`SELECT * FROM write_back_patient`;
}

export async function writePatient(sql: Sql, row: PatientRow): Promise<void> {
  await sql`
    INSERT INTO write_back_patient ${sql(row)}
    ON CONFLICT (subject_id, destination) DO UPDATE SET
      state = excluded.state, reason = excluded.reason, looked_ms = excluded.looked_ms,
      changed_ms = excluded.changed_ms, sealed = excluded.sealed`;
}

/** One that waits already is due no later than it was: what goes on changing is sent all the same. */
export async function markDays(sql: Sql, rows: readonly MarkedDay[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await markSome(sql, rows.slice(at, at + ROWS_AT_ONCE));
}

async function markSome(sql: Sql, rows: readonly MarkedDay[]): Promise<void> {
  await sql`
    INSERT INTO write_back_day ${sql(rows)}
    ON CONFLICT (subject_id, destination, day) DO UPDATE SET
      revision = write_back_day.revision + 1,
      due_ms = CASE WHEN write_back_day.state = 'waiting' THEN least(write_back_day.due_ms, excluded.due_ms)
               ELSE excluded.due_ms END,
      failures = CASE WHEN write_back_day.state = 'waiting' THEN write_back_day.failures ELSE 0 END,
      state = 'waiting',
      reason = CASE WHEN write_back_day.state = 'waiting' THEN write_back_day.reason ELSE NULL END`;
}

/** The oldest days first: after an outage the record there grows in order. */
export async function dueDays(
  sql: Sql,
  of: { readonly destination: string; readonly nowMs: number; readonly limit: number },
): Promise<DayRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, destination, day, revision, failures FROM write_back_day
    WHERE destination = ${of.destination} AND state = 'waiting' AND due_ms <= ${of.nowMs}
    ORDER BY day, subject_id LIMIT ${of.limit}`;
}

/** What has changed while it was sent waits for its own time. */
export async function settleDay(
  sql: Sql,
  row: DayKey & { readonly revision: number; readonly laterMs: number },
): Promise<void> {
  await sql`
    DELETE FROM write_back_day
    WHERE subject_id = ${row.subject_id} AND destination = ${row.destination} AND day = ${row.day}
      AND revision = ${row.revision}`;
  await sql`
    UPDATE write_back_day SET due_ms = ${row.laterMs}, failures = 0, reason = NULL
    WHERE subject_id = ${row.subject_id} AND destination = ${row.destination} AND day = ${row.day}
      AND state = 'waiting'`;
}

export async function postponeDay(
  sql: Sql,
  row: DayKey & { readonly dueMs: number; readonly failures: number; readonly reason: string },
): Promise<void> {
  await sql`
    UPDATE write_back_day
    SET due_ms = ${row.dueMs}, failures = ${row.failures}, reason = ${row.reason}
    WHERE subject_id = ${row.subject_id} AND destination = ${row.destination} AND day = ${row.day}`;
}

export async function refuseDay(
  sql: Sql,
  row: DayKey & { readonly revision: number; readonly reason: string },
): Promise<void> {
  await sql`
    UPDATE write_back_day SET state = 'refused', reason = ${row.reason}
    WHERE subject_id = ${row.subject_id} AND destination = ${row.destination} AND day = ${row.day}
      AND revision = ${row.revision}`;
}

/** Those that wait because nobody there was the patient for certain. */
export async function hastenDays(
  sql: Sql,
  of: { readonly subjectId: SubjectId; readonly destination: string; readonly nowMs: number },
): Promise<void> {
  await sql`
    UPDATE write_back_day SET due_ms = ${of.nowMs}, reason = NULL
    WHERE subject_id = ${of.subjectId} AND destination = ${of.destination}
      AND state = 'waiting' AND reason IS NOT NULL`;
}

/** Answers how many. */
export async function retryRefused(
  sql: Sql,
  of: {
    readonly organisationId: OrganisationId;
    readonly destination: string;
    readonly nowMs: number;
  },
): Promise<number> {
  const rows = await sql`
    UPDATE write_back_day SET state = 'waiting', failures = 0, reason = NULL, due_ms = ${of.nowMs}
    WHERE organisation_id = ${of.organisationId} AND destination = ${of.destination}
      AND state = 'refused'`;
  return rows.count;
}

export async function deleteDays(
  sql: Sql,
  of: { readonly subjectId: SubjectId; readonly destination: string },
): Promise<void> {
  await sql`
    DELETE FROM write_back_day
    WHERE subject_id = ${of.subjectId} AND destination = ${of.destination}`;
}

export async function readSentOfDay(sql: Sql, of: DayKey): Promise<SentRow[]> {
  return await sql`
    SELECT * FROM write_back_sent
    WHERE subject_id = ${of.subject_id} AND destination = ${of.destination} AND day = ${of.day}`;
}

/** Days of which something was sent, and that do not wait to be sent again, in order. */
export async function settledDays(
  sql: Sql,
  of: { readonly subjectId: SubjectId; readonly destination: string },
): Promise<string[]> {
  const rows = await sql<{ day: string }[]>`
    SELECT DISTINCT day FROM write_back_sent AS sent
    WHERE subject_id = ${of.subjectId} AND destination = ${of.destination}
      AND NOT EXISTS (
        SELECT FROM write_back_day AS waiting
        WHERE (waiting.subject_id, waiting.destination, waiting.day)
          = (sent.subject_id, sent.destination, sent.day)
          AND waiting.state = 'waiting')
    ORDER BY day`;
  return rows.map(({ day }) => day);
}

export async function writeSent(sql: Sql, rows: readonly SentRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO write_back_sent ${sql(rows)}
    ON CONFLICT (subject_id, destination, day, metric) DO UPDATE SET
      sent_ms = excluded.sent_ms, sealed = excluded.sealed, is_doubted = false`;
}

export async function doubtSent(
  sql: Sql,
  of: DayKey & { readonly metrics: readonly string[] },
): Promise<void> {
  await sql`
    UPDATE write_back_sent SET is_doubted = true
    WHERE subject_id = ${of.subject_id} AND destination = ${of.destination} AND day = ${of.day}
      AND metric = ANY(${[...of.metrics]}::text[])`;
}

export interface DaySums {
  readonly waiting: number;
  readonly due: number;
  readonly oldest: string | null;
}

export async function sumDays(
  sql: Sql,
  of: {
    readonly organisationId: OrganisationId;
    readonly destination: string;
    readonly nowMs: number;
  },
): Promise<DaySums> {
  const [row] = await sql<DaySums[]>`
    SELECT count(*)::int AS waiting, count(*) FILTER (WHERE due_ms <= ${of.nowMs})::int AS due,
      min(day) AS oldest
    FROM write_back_day
    WHERE organisation_id = ${of.organisationId} AND destination = ${of.destination}
      AND state = 'waiting'`;
  return row ?? { waiting: 0, due: 0, oldest: null };
}

export async function sumRefusals(
  sql: Sql,
  of: { readonly organisationId: OrganisationId; readonly destination: string },
): Promise<{ reason: string; days: number }[]> {
  return await sql`
    SELECT coalesce(reason, '') AS reason, count(*)::int AS days FROM write_back_day
    WHERE organisation_id = ${of.organisationId} AND destination = ${of.destination}
      AND state = 'refused'
    GROUP BY 1 ORDER BY 1`;
}

/** Of all organisations: how many days were refused. */
export async function countRefused(sql: Sql): Promise<{ destination: string; days: number }[]> {
  return await sql`
    SELECT destination, count(*)::int AS days FROM write_back_day
    WHERE state = 'refused' GROUP BY destination`;
}

export async function lastSentMs(
  sql: Sql,
  of: { readonly organisationId: OrganisationId; readonly destination: string },
): Promise<number | undefined> {
  const [row] = await sql<{ at_ms: number | null }[]>`
    SELECT max(sent_ms) AS at_ms FROM write_back_sent
    WHERE organisation_id = ${of.organisationId} AND destination = ${of.destination}`;
  return row?.at_ms ?? undefined;
}

export async function daysOfSubject(
  sql: Sql,
  subjectId: SubjectId,
): Promise<{ destination: string; day: string; state: string; reason: string | null }[]> {
  return await sql`
    SELECT destination, day, state, reason FROM write_back_day
    WHERE subject_id = ${subjectId} ORDER BY day`;
}

export async function countOrganisations(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM organisation`;
  return row?.count ?? 0;
}

export interface DisclosureRow {
  readonly at_ms: number;
  readonly detail_sealed: Uint8Array | null;
}

/** The newest first. */
export async function readDisclosures(
  sql: Sql,
  of: { readonly organisationId: OrganisationId; readonly subjectId: SubjectId; limit: number },
): Promise<DisclosureRow[]> {
  return await sql`
    SELECT at_ms, detail_sealed FROM audit_leaf
    WHERE organisation_id = ${of.organisationId} AND target = ${`subject/${of.subjectId}`}
      AND act = 'summary-sent'
    ORDER BY at_ms DESC LIMIT ${of.limit}`;
}
