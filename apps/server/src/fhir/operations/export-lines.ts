/** The lines of an export's file, made while they are fetched. */

import type { ObservationQuery } from '@ausculta/fhir/observation-query';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { PATIENT } from '../patients.ts';
import { allReadings } from '../reading-pages.ts';
import type { Repository } from '../repository.ts';
import { type ExportRow, type FileRow, readVersions } from './export-store.ts';

const BATCH = 250;

/** Whoever fetches sees the file break off, and not a file that lacks something. */
export class FileBroken extends Error {}

export interface LinePorts {
  readonly repository: Repository;
  readonly telemetry: Telemetry;
}

export function linesOf(
  { repository, telemetry }: LinePorts,
  row: ExportRow,
  file: FileRow,
): AsyncGenerator<string> {
  const { organisation_id: organisationId } = row;
  if (file.subject_id !== null) return readingLines(telemetry, row, file.subject_id);
  if (file.type === PATIENT) return patientLines(repository, organisationId, file.ids);
  return documentLines(repository, organisationId, file);
}

async function* documentLines(
  repository: Repository,
  organisationId: OrganisationId,
  { type, ids, versions }: FileRow,
): AsyncGenerator<string> {
  for (let at = 0; at < ids.length; at += BATCH) {
    const until = at + BATCH;
    const part = { type, ids: ids.slice(at, until), versions: versions.slice(at, until) };
    const texts = await repository.look(organisationId, async (session) => {
      const rows = await readVersions(session.tx, organisationId, part);
      return rows.map((row) => session.open({ ...row, doc: 0, sorted: [] }));
    });
    // It opened when the export was prepared.
    if (texts.includes(undefined)) throw new FileBroken('a document does not open any more');
    if (texts.length > 0) yield `${texts.join('\n')}\n`;
  }
}

async function* patientLines(
  repository: Repository,
  organisationId: OrganisationId,
  ids: readonly string[],
): AsyncGenerator<string> {
  const wanted = new Set(ids);
  const shelved = await repository.look(organisationId, (session) => session.shelved());
  for (const { id, document } of shelved) if (wanted.has(id)) yield `${document.text}\n`;
}

async function* readingLines(
  telemetry: Telemetry,
  { asked_ms: askedMs, since_ms: sinceMs }: ExportRow,
  subjectId: ObservationQuery['subjectId'],
): AsyncGenerator<string> {
  const interval = { fromMs: sinceMs ?? Number.NEGATIVE_INFINITY, untilMs: askedMs };
  const unreadable: Parameters<typeof allReadings>[2] = [];
  const asked = { subjectId, ...{ codes: [], categories: [], ignored: [] }, interval };
  for await (const readings of allReadings(asked, telemetry, unreadable)) {
    const texts = readings.map(({ text }) => text);
    if (texts.length > 0) yield `${texts.join('\n')}\n`;
  }
  // The rest has been told: the file ends without its end.
  if (unreadable.length > 0) throw new FileBroken('part of the readings does not open');
}
