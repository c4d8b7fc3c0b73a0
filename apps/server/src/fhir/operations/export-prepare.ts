/**
 * Prepares an export: writes down, file by file, what there was when it was asked for. Each step is
 * durable with the place where the next one begins, so that a restart goes on where it stopped. Every
 * document is opened once, so that what does not open is told beside the files, and not found out by
 * whoever counts.
 */
import { PATIENT_COMPARTMENT } from '@ausculta/fhir/patient-compartment';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type { SubjectId } from '@ausculta/vitals/identity';
import { asOrganisation, type Sql } from '../../database/pool.ts';
import type { Registry } from '../../devices/registry.ts';
import { isKept } from '../allowed.ts';
import { tokenText } from '../index-entries.ts';
import { PATIENT } from '../patients.ts';
import type { Repository } from '../repository.ts';
import type { SearchSession } from '../search-session.ts';
import { passes, type UnderstoodFilters } from './export-filters.ts';
import { understoodFilters } from './export-kept-filters.ts';
import * as store from './export-store.ts';

/** A file of some megabytes: whoever loses the connection begins that one anew. */
const FILE_DOCUMENTS = 2_000;
const BATCH = 250;
/** Opened and compared without a pause: a few milliseconds. */
const COMPARED_AT_ONCE = 25;

/** After all documents come the readings, as Observations, a file for each patient. */
const READINGS = 'readings';

export interface PreparePorts {
  readonly people: Sql;
  readonly repository: Repository;
  readonly registry: Registry;
  readonly pause: () => Promise<void>;
  readonly isClosed: () => boolean;
}

export async function prepareExport(
  { organisation_id: organisationId, id }: Pick<store.ExportRow, 'organisation_id' | 'id'>,
  ports: PreparePorts,
): Promise<void> {
  const row = await asOrganisation(ports.people, organisationId, (tx) =>
    store.readExport(tx, organisationId, id),
  );
  if (row === undefined || row.is_ready) return;
  // What was given its time before the export was asked for is there, or never will be.
  await ports.repository.settled(organisationId);
  const filters = await understoodFilters(ports.repository, row);
  const preparing = new Preparing(row, filters, ports);
  const isWhole = (await preparing.documents()) && (await preparing.readings());
  if (!isWhole) return;
  await asOrganisation(ports.people, organisationId, (tx) =>
    store.setReady(tx, organisationId, id),
  );
}

class Preparing {
  readonly #row: store.ExportRow;
  readonly #filters: UnderstoodFilters;
  readonly #ports: PreparePorts;

  constructor(row: store.ExportRow, filters: UnderstoodFilters, ports: PreparePorts) {
    this.#row = row;
    this.#filters = filters;
    this.#ports = ports;
  }

  /** False when it was given up, or the server is closing. */
  async documents(): Promise<boolean> {
    const { at_type: atType, at_doc: atDoc } = this.#row;
    if (atType === READINGS) return true;
    for (const type of await this.#types()) {
      if (order(type) < order(atType)) continue;
      const isDone =
        type === PATIENT
          ? await this.#patients()
          : await this.#ofType(type, type === atType ? atDoc : 0);
      if (!isDone) return false;
    }
    return true;
  }

  async readings(): Promise<boolean> {
    if (this.#row.types?.includes('Observation') === false) return true;
    const { registry } = this.#ports;
    for (const subject of await this.#subjects(READINGS)) {
      if (registry.seriesOfSubject(subject).length === 0) continue;
      const file = { type: 'Observation', ids: [], versions: [], subject_id: subject };
      const at = { type: READINGS, doc: 0, subject };
      if (!(await this.#write({ file, at, unreadable: [] }))) return false;
    }
    return true;
  }

  /** Patients first: whoever reads the files in their order knows of whom the others speak. */
  async #types(): Promise<string[]> {
    const { types, of_patients: ofPatients } = this.#row;
    const { resourceTypes } = await this.#ports.repository.look(
      this.#row.organisation_id,
      async (_session, { definitions }) => definitions,
    );
    const all = [...resourceTypes].filter(
      (type) =>
        isKept(type, resourceTypes) &&
        (types?.includes(type) ?? true) &&
        (!ofPatients || type === PATIENT || type in PATIENT_COMPARTMENT),
    );
    return all.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  async #patients(): Promise<boolean> {
    const left = await this.#subjects(PATIENT);
    for (let from = 0; from < left.length; from += FILE_DOCUMENTS) {
      const ids = left.slice(from, from + FILE_DOCUMENTS);
      const file = { type: PATIENT, ids, versions: ids.map(() => 0), subject_id: null };
      const at = { type: PATIENT, doc: 0, subject: ids.at(-1) ?? '' };
      if (!(await this.#write({ file, at, unreadable: [] }))) return false;
    }
    return true;
  }

  /** In the order of their ids, those that are not yet done. */
  async #subjects(step: string): Promise<SubjectId[]> {
    const { organisation_id: organisationId, patients, at_type: atType } = this.#row;
    const after = atType === step ? this.#row.at_subject : '';
    const { repository } = this.#ports;
    const shelved = await repository.look(organisationId, (session) => session.shelved());
    const wanted = patients === null ? undefined : new Set<string>(patients);
    const left = shelved.filter(({ id }) => id > after && (wanted?.has(id) ?? true));
    const found: SubjectId[] = [];
    for (const [index, { id, rows }] of left.entries()) {
      if (index % COMPARED_AT_ONCE === 0) await this.#ports.pause();
      // A filter of patients narrows the patients, and not what is told of them.
      if (step !== PATIENT || passes(this.#filters, PATIENT, rows)) found.push(id as SubjectId);
    }
    return found;
  }

  async #ofType(type: string, from: number): Promise<boolean> {
    const { isClosed } = this.#ports;
    for (let afterDoc = from; ; ) {
      const found = await this.#fileFrom(type, afterDoc);
      if (isClosed()) return false;
      const { ids, versions, unreadable, last, isMore } = found;
      if (last === undefined) return true;
      const file = ids.length === 0 ? undefined : { type, ids, versions, subject_id: null };
      const at = { type, doc: last, subject: '' };
      if (!(await this.#write({ file, at, unreadable }))) return false;
      if (!isMore) return true;
      afterDoc = last;
    }
  }

  async #fileFrom(type: string, from: number) {
    const { repository, pause } = this.#ports;
    const { organisation_id: organisationId, asked_ms: askedMs, since_ms: sinceMs } = this.#row;
    const ids: string[] = [];
    const versions: number[] = [];
    const unreadable: string[] = [];
    let last: number | undefined;
    while (ids.length < FILE_DOCUMENTS) {
      const { opened, isMore } = await repository.look(organisationId, async (session) => {
        const ofPatients = this.#ofPatients(type, session.hash);
        const asked = { type, afterDoc: last ?? from, askedMs, sinceMs, ofPatients, limit: BATCH };
        const found = await store.readDocumentsThen(session.tx, organisationId, asked);
        return {
          isMore: found.isCut || found.rows.length === BATCH,
          opened: await this.#opened(session, type, found.rows),
        };
      });
      for (const { doc, id, version, isOpen, isWanted } of opened) {
        last = doc;
        if (!isWanted) continue;
        if (!isOpen) unreadable.push(`${type}/${id}/_history/${version}`);
        else {
          ids.push(id);
          versions.push(version);
        }
      }
      if (!isMore) return { ids, versions, unreadable, last, isMore: false };
      await pause();
    }
    return { ids, versions, unreadable, last, isMore: true };
  }

  async #opened(session: SearchSession, type: string, rows: readonly store.FoundThen[]) {
    const opened = [];
    for (const [index, { sealed, ...row }] of rows.entries()) {
      if (index % COMPARED_AT_ONCE === 0) await session.pause();
      const text = session.open({ ...row, sealed });
      const isOpen = text !== undefined;
      const isWanted =
        !isOpen ||
        ((!row.is_past || this.#isTheirs(type, session.rowsOf(text))) &&
          passes(this.#filters, type, () => session.rowsOf(text)));
      opened.push({ ...row, isOpen, isWanted });
    }
    return opened;
  }

  #ofPatients(type: string, hash: (text: string) => number): store.ThenAsked['ofPatients'] {
    const { of_patients: isOfPatients, patients } = this.#row;
    if (!isOfPatients) return undefined;
    const parameters = PATIENT_COMPARTMENT[type] ?? [];
    return { names: parameters.map((one) => hash(tokenText(type, one, 'to'))), patients };
  }

  /** By what it says itself: the index knows what it says now. */
  #isTheirs(type: string, rows: readonly SearchRow[]): boolean {
    const { of_patients: isOfPatients, patients } = this.#row;
    const parameters = PATIENT_COMPARTMENT[type] ?? [];
    const wanted = patients === null ? undefined : new Set<string>(patients);
    return rows.some(
      ({ parameter, value }) =>
        !isOfPatients ||
        (parameters.includes(parameter) &&
          value.kind === 'reference' &&
          value.url === `${PATIENT}/${value.id}` &&
          (wanted?.has(value.id ?? '') ?? true)),
    );
  }

  async #write(step: Omit<store.Step, 'exportId'>): Promise<boolean> {
    const { organisation_id: organisationId, id: exportId } = this.#row;
    const { people, isClosed } = this.#ports;
    if (isClosed()) return false;
    return await asOrganisation(people, organisationId, (tx) =>
      store.writeStep(tx, organisationId, { ...step, exportId }),
    );
  }
}

/** Patients before all other types, and nothing before them. */
function order(type: string): string {
  return type === PATIENT ? ' ' : type;
}

export const FIRST_STEP = {
  ...{ at_type: PATIENT, at_doc: 0, at_subject: '', is_ready: false, unreadable: [] },
} as const;
