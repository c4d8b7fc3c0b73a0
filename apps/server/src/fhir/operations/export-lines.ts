/** The lines of an export's file, made while they are fetched. */

import { correctionsIn } from '@ausculta/fhir/coincident-time';
import type { LinksOf } from '@ausculta/fhir/observation';
import type { ObservationQuery } from '@ausculta/fhir/observation-query';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Observation } from '@medplum/fhirtypes';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { fhirKnowledge } from '../knowledge.ts';
import { ByteBudget } from '../page-budget.ts';
import { PATIENT } from '../patients.ts';
import { allReadings } from '../reading-pages.ts';
import type { Repository } from '../repository.ts';
import { passes } from './export-filters.ts';
import { understoodFilters } from './export-kept-filters.ts';
import { type ExportRow, type FileRow, readVersions } from './export-store.ts';

const BATCH = 250;
const COMPARED_AT_ONCE = 100;
/** Made at once, for whoever fetches slowly. */
const LINES_BYTES = 2 ** 20;

/** Whoever fetches sees the file break off, and not a file that lacks something. */
export class FileBroken extends Error {}

export interface LinePorts {
  readonly repository: Repository;
  readonly pause: () => Promise<void>;
  readonly telemetry: Pick<Telemetry, 'windows'>;
  readonly linksOf: LinksOf;
}

type AskedExport = Pick<ExportRow, 'organisation_id' | 'id' | 'asked_ms' | 'since_ms' | 'filters'>;

export function linesOf(ports: LinePorts, row: AskedExport, file: FileRow): AsyncGenerator<string> {
  const { repository } = ports;
  const { organisation_id: organisationId } = row;
  if (file.subject_id !== null) return readingLines(ports, row, file.subject_id);
  if (file.type === PATIENT) return patientLines(repository, organisationId, file.ids);
  return documentLines(repository, organisationId, file);
}

async function* documentLines(
  repository: Repository,
  organisationId: OrganisationId,
  { type, ids, versions }: FileRow,
): AsyncGenerator<string> {
  for (let at = 0; at < ids.length; ) {
    const until = at + BATCH;
    const part = { type, ids: ids.slice(at, until), versions: versions.slice(at, until) };
    const { rows, isCut, open } = await repository.look(organisationId, async (session) => {
      const found = await readVersions(session.tx, organisationId, part);
      const open = (row: Parameters<typeof session.open>[0]) => {
        const before = session.unreadable;
        return { text: session.open(row), isBroken: session.unreadable > before };
      };
      return { ...found, open };
    });
    let lines: string[] = [];
    let budget = new ByteBudget(LINES_BYTES);
    for (const row of rows) {
      const { text, isBroken } = open({ ...row, doc: 0, sorted: [] });
      // It opened when the export was prepared.
      if (isBroken) throw new FileBroken('a document does not open any more');
      // Its person has kept it back, perhaps since.
      if (text === undefined) continue;
      lines.push(text);
      budget.spend(text);
      if (!budget.isSpent) continue;
      yield `${lines.join('\n')}\n`;
      lines = [];
      budget = new ByteBudget(LINES_BYTES);
    }
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
    at = isCut ? at + (rows.at(-1)?.place ?? BATCH) : until;
  }
}

async function* patientLines(
  repository: Repository,
  organisationId: OrganisationId,
  ids: readonly string[],
): AsyncGenerator<string> {
  const shelved = await repository.look(organisationId, (session) => session.shelvedWithIds(ids));
  for (const { document } of shelved) yield `${document.text}\n`;
}

async function* readingLines(
  { repository, pause, ...source }: LinePorts,
  row: AskedExport,
  subjectId: ObservationQuery['subjectId'],
): AsyncGenerator<string> {
  const { asked_ms: askedMs, since_ms: sinceMs } = row;
  const filters = await understoodFilters(repository, row);
  const { rowsOf } = await fhirKnowledge();
  const isWanted = (text: string): boolean =>
    passes(filters, 'Observation', () => rowsOf(JSON.parse(text) as Observation));
  const interval = { fromMs: sinceMs ?? Number.NEGATIVE_INFINITY, untilMs: askedMs };
  const unreadable: Parameters<typeof allReadings>[2] = [];
  const asked = { subjectId, ...{ codes: [], categories: [], ignored: [] }, interval };
  const clocks = new Set<string>();
  for await (const readings of allReadings(asked, source, unreadable)) {
    const texts: string[] = [];
    for (const [index, { text }] of readings.entries()) {
      if (index % COMPARED_AT_ONCE === 0) await pause();
      if (!isWanted(text)) continue;
      texts.push(text);
      for (const id of correctionsIn(text)) clocks.add(id);
    }
    if (texts.length > 0) yield `${texts.join('\n')}\n`;
  }
  const corrections = await repository.look(row.organisation_id, async (session) =>
    [...clocks].flatMap((id) => session.told({ type: 'Observation', id }) ?? []),
  );
  for (const { text } of corrections) if (isWanted(text)) yield `${text}\n`;
  // The rest has been told: the file ends without its end.
  if (unreadable.length > 0) throw new FileBroken('part of the readings does not open');
}
