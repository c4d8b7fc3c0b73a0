/**
 * All patients of an organisation as a search sees them: in memory, as the registry has them. What
 * documents add to them is read when patients are first searched for, and kept up to date by whoever
 * writes one.
 */
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';
import type { ReadAs, Reader } from '../database/readers.ts';
import { viewAsPlatform, viewing } from '../database/viewing.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import { type DocumentKeys, type FhirDocument, openVersion } from './document.ts';
import type { Knowledge } from './knowledge.ts';
import { PATIENT, type PatientDocument, type Patients } from './patients.ts';
import { readOfType } from './store.ts';

export interface ShelfEntry {
  readonly id: string;
  readonly document: PatientDocument;
  /** Made when they are first asked for. */
  readonly rows: () => readonly SearchRow[];
  readonly isIndexed: () => boolean;
}

const AT_ONCE = 50;

/** All of an organisation, for as long as nothing is said of anybody. */
interface Listed {
  readonly changes: number;
  readonly all: readonly ShelfEntry[];
  readonly byIdentifier: ReadonlyMap<string, readonly ShelfEntry[]>;
}

/** What could not be read is read anew by whoever asks next, with everything that was written meanwhile. */
function onceRead(
  documents: Promise<Map<string, FhirDocument>> | undefined,
  act: (known: Map<string, FhirDocument>) => void,
): void {
  documents?.then(act, () => undefined);
}

const isFound = ({ id }: ShelfEntry): boolean => viewing()?.finds(id as SubjectId) ?? true;

const byId = (a: ShelfEntry, b: ShelfEntry): number => (a.id < b.id ? -1 : 1);

interface Kept {
  readonly subject: RegisteredSubject;
  readonly said: FhirDocument | undefined;
  readonly entry: ShelfEntry;
}

export interface ShelfPorts {
  readonly patients: Patients;
  readonly keys: DocumentKeys;
  readonly knowledge: Knowledge;
  readonly pause: () => Promise<void>;
}

export class PatientShelf {
  readonly #ports: ShelfPorts;
  /** By organisation, then by id. */
  readonly #documents = new Map<OrganisationId, Promise<Map<string, FhirDocument>>>();
  readonly #kept = new Map<string, Kept>();
  readonly #listed = new Map<OrganisationId, Listed>();
  #documentChanges = 0;

  constructor(ports: ShelfPorts) {
    this.#ports = ports;
  }

  /** Whoever sees a part of the rows sees them by what was read for all before. */
  async prepare(read: ReadAs, organisationId: OrganisationId): Promise<void> {
    if (viewing()?.rows() === undefined || this.#documents.has(organisationId)) return;
    await viewAsPlatform(() => read(organisationId, (tx) => this.#documentsOf(tx, organisationId)));
  }

  /** With the records that were merged into these. */
  withBehind(ids: readonly string[]): string[] {
    const { behind } = this.#ports.patients;
    return [...new Set(ids.flatMap((id) => [id, ...behind(id)]))];
  }

  /** In the order of their ids. */
  async entries(tx: Reader, organisationId: OrganisationId): Promise<readonly ShelfEntry[]> {
    const { all } = await this.#listOf(tx, organisationId);
    return viewing() === undefined ? all : all.filter(isFound);
  }

  /** Those of the ids that there are, in the order of their ids: nobody else is looked at. */
  async withIds(
    tx: Reader,
    organisationId: OrganisationId,
    ids: Iterable<string>,
  ): Promise<readonly ShelfEntry[]> {
    const documents = await this.#documentsOf(tx, organisationId);
    return [...new Set(ids)].sort().flatMap((id) => {
      if (viewing()?.scopes?.shows(PATIENT, id, undefined) === false) return [];
      const subject = this.#ports.patients.of(organisationId, id);
      return subject === undefined ? [] : [this.#entryOf(subject, documents.get(subject.id))];
    });
  }

  /** Those who have an identifier of one of these values, of whatever system; in the order of their ids. */
  async withIdentifiers(
    tx: Reader,
    organisationId: OrganisationId,
    values: Iterable<string>,
  ): Promise<readonly ShelfEntry[]> {
    const { byIdentifier } = await this.#listOf(tx, organisationId);
    const found = new Set([...values].flatMap((value) => byIdentifier.get(value) ?? []));
    return [...found].filter(isFound).sort(byId);
  }

  async #listOf(tx: Reader, organisationId: OrganisationId): Promise<Listed> {
    const documents = await this.#documentsOf(tx, organisationId);
    const known = this.#listed.get(organisationId);
    const changes = this.#changes();
    if (known?.changes === changes) return known;
    const all = await viewAsPlatform(() => this.#all(organisationId, documents));
    const byIdentifier = new Map<string, ShelfEntry[]>();
    for (const entry of all) {
      for (const { parameter, value } of entry.rows()) {
        if (parameter !== 'identifier' || value.kind !== 'token') continue;
        const same = byIdentifier.get(value.code);
        if (same === undefined) byIdentifier.set(value.code, [entry]);
        else if (same.at(-1) !== entry) same.push(entry);
      }
    }
    const listed = { changes, all, byIdentifier };
    // What was said of somebody meanwhile is in the next list.
    if (this.#changes() === changes) this.#listed.set(organisationId, listed);
    return listed;
  }

  #changes(): number {
    return this.#ports.patients.changes + this.#documentChanges;
  }

  async #all(
    organisationId: OrganisationId,
    documents: ReadonlyMap<string, FhirDocument>,
  ): Promise<readonly ShelfEntry[]> {
    const entries: ShelfEntry[] = [];
    // The first time each has to be looked into, and a ward cannot wait for a thousand.
    let made = 0;
    for (const subject of [...this.#ports.patients.all(organisationId)]) {
      const entry = this.#entryOf(subject, documents.get(subject.id));
      if (!entry.isIndexed()) {
        entry.rows();
        made += 1;
        if (made % AT_ONCE === 0) await this.#ports.pause();
      }
      entries.push(entry);
    }
    return entries.sort(byId);
  }

  /** What was written, once it is durable. */
  put(organisationId: OrganisationId, document: FhirDocument): void {
    // While they are being read: what is written is the newer.
    onceRead(this.#documents.get(organisationId), (known) => {
      known.set(document.id, document);
      this.#documentChanges += 1;
    });
  }

  forget(subjectId: string): void {
    this.#kept.delete(subjectId);
    for (const documents of this.#documents.values())
      onceRead(documents, (known) => void known.delete(subjectId));
    this.#documentChanges += 1;
    this.#listed.clear();
  }

  #documentsOf(tx: Reader, organisationId: OrganisationId): Promise<Map<string, FhirDocument>> {
    const known = this.#documents.get(organisationId);
    if (known !== undefined) return known;
    const reading = this.#read(tx, organisationId);
    // Of what some may see alone nothing is kept for others.
    if (viewing()?.rows() !== undefined) return reading;
    this.#documents.set(organisationId, reading);
    reading.catch(() => this.#documents.delete(organisationId));
    return reading;
  }

  async #read(tx: Reader, organisationId: OrganisationId): Promise<Map<string, FhirDocument>> {
    const found = new Map<string, FhirDocument>();
    for (const row of await readOfType(tx, organisationId, PATIENT)) {
      const { type, id, version, updated_ms: updatedMs, sealed } = row;
      const opened = sealed && openVersion(this.#ports.keys, organisationId, { ...row, sealed });
      if (!opened?.ok) continue;
      const known = { type, id, versionId: String(version), updatedMs, subjectIds: [id] };
      found.set(id, { ...known, text: opened.value });
    }
    return found;
  }

  #entryOf(subject: RegisteredSubject, said: FhirDocument | undefined): ShelfEntry {
    const kept = this.#kept.get(subject.id);
    if (kept !== undefined && kept.subject === subject && kept.said === said) return kept.entry;
    const document = this.#ports.patients.tell(subject, said);
    const entry = { id: subject.id, document, ...this.#rowsOf(document.resource) };
    this.#kept.set(subject.id, { subject, said, entry });
    return entry;
  }

  #rowsOf(resource: Resource): Pick<ShelfEntry, 'rows' | 'isIndexed'> {
    let rows: readonly SearchRow[] | undefined;
    const make = (): readonly SearchRow[] => {
      rows ??= this.#ports.knowledge.rowsOf(resource);
      return rows;
    };
    return { rows: make, isIndexed: () => rows !== undefined };
  }
}
