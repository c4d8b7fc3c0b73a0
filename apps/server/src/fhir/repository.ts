/**
 * FHIR documents of all organisations: read, written, searched. Everything happens in a transaction
 * that sees one organisation, and what is written together is durable together.
 */
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { parseSearch } from '@ausculta/fhir/search-url';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { GatheredWrites } from '../database/gathered-writes.ts';
import type { Reader } from '../database/readers.ts';
import { viewAsPlatform, viewing } from '../database/viewing.ts';
import type { Act, Asker, Done } from './acts.ts';
import { type Answer, BEYOND_SCOPES, GONE, NOT_HERE, UNREADABLE } from './answer.ts';
import { Creations } from './creations.ts';
import { DocNames } from './doc-names.ts';
import { type DocumentName, type FhirDocument, openedDocument, openVersion } from './document.ts';
import { documentIndex, type EntriesOf } from './document-index.ts';
import { fhirKnowledge, type Knowledge } from './knowledge.ts';
import { ByteBudget, PAGE_BYTES_MAX } from './page-budget.ts';
import { PatientShelf } from './patient-shelf.ts';
import { PATIENT } from './patients.ts';
import { areCreations, performActs, prepareCreations } from './perform.ts';
import { PRACTITIONER, practitionerOf } from './practitioners.ts';
import type { RepositoryPorts } from './repository-ports.ts';
import { type RecordsBehind, withRecordsBehind } from './same-person.ts';
import { runSearch, type SearchPage } from './search.ts';
import { isByChange, upTo } from './search-asked.ts';
import { type Hash, searchHash } from './search-hash.ts';
import { SearchSession } from './search-session.ts';
import * as store from './store.ts';
import { readTold } from './told-here.ts';
import { Undone, undoneAnswer } from './undone.ts';
import type { Untold } from './untold.ts';
import type { Prepared } from './version-writer.ts';
import { WriteTimes } from './write-times.ts';
import { NOBODY_WATCHES, type WriteWatch } from './write-watch.ts';

/** Each may be megabytes. */
const READ_AT_ONCE = 25;

type Reads = GatheredWrites<DocumentName, store.VersionRow | undefined>;

/** What a request asks of a search, beside its parameters. */
export interface Asking {
  readonly isStrict: boolean;
  /** Without a slash at its end. */
  readonly baseUrl: string | undefined;
}

export class Repository {
  readonly #ports: RepositoryPorts;
  readonly #docNames = new DocNames();
  readonly #hashes = new Map<OrganisationId, Hash>();
  readonly #indexes = new Map<OrganisationId, EntriesOf>();
  readonly #creations: Creations;
  /** What many ask for is read by one transaction. */
  readonly #reads = new Map<OrganisationId, Reads>();
  /** What is being written: whoever erases waits for it, and whoever asks for what has changed. */
  readonly #underWay = new Map<Promise<unknown>, OrganisationId>();
  readonly #times = new Map<OrganisationId, WriteTimes>();
  /** Writes since the start, by whom they name; under the organisation those of which it is not known. */
  readonly #changes = new Map<OrganisationId | SubjectId, number>();
  #shelf: PatientShelf | undefined;
  #watch: WriteWatch = NOBODY_WATCHES;

  constructor(ports: RepositoryPorts) {
    this.#ports = ports;
    this.#creations = new Creations({ ...ports, hashOf: this.hashOf, watch: () => this.#watch });
  }

  /** The one who is told of all that is written; set once, before anything is. */
  watchedBy(watch: WriteWatch): void {
    this.#watch = watch;
  }

  /** A resource as it is now; of Observations also those that are readings. */
  async read(organisationId: OrganisationId, name: DocumentName): Promise<Answer<FhirDocument>> {
    if (viewing()?.scopes?.mayRead(name.type) === false) return BEYOND_SCOPES;
    const told = await readTold(organisationId, name, this.#ports);
    if (told !== undefined) return told;
    const { patients } = this.#ports;
    const subject = name.type === PATIENT ? patients.of(organisationId, name.id) : undefined;
    if (name.type === PATIENT && subject === undefined) return NOT_HERE;
    const row = await this.#rowOf(organisationId, name);
    if (row === undefined && name.type === PRACTITIONER)
      return await practitionerOf(this.#ports.read, organisationId, name.id);
    const document = row && this.#documentOf(organisationId, row);
    if (document?.ok === false) return document;
    if (subject !== undefined) return { ok: true, value: patients.tell(subject, document?.value) };
    return presentIn(document);
  }

  async readVersion(
    organisationId: OrganisationId,
    name: DocumentName & { readonly versionId: string },
  ): Promise<Answer<FhirDocument>> {
    if (!/^[1-9]\d{0,14}$/.test(name.versionId)) {
      // Of a patient as the registry has it now.
      const now = await this.read(organisationId, name);
      return now.ok && now.value.versionId !== name.versionId ? NOT_HERE : now;
    }
    if (name.type === PATIENT && this.#ports.patients.of(organisationId, name.id) === undefined)
      return NOT_HERE;
    const told = await readTold(organisationId, name, this.#ports);
    if (told !== undefined)
      return told.ok && told.value.versionId !== name.versionId ? NOT_HERE : told;
    const version = Number(name.versionId);
    const row = await this.#ports.read(organisationId, (tx) =>
      store.readVersion(tx, organisationId, { ...name, version }),
    );
    return presentIn(row && this.#documentOf(organisationId, row));
  }

  /** Newest first. What does not open is left out, as is what is of an erased patient. */
  async history(
    organisationId: OrganisationId,
    question: store.HistoryQuestion,
  ): Promise<{ documents: FhirDocument[]; last: store.VersionRow | undefined; isMore: boolean }> {
    const untilMs = await this.settled(organisationId);
    const { rows, isCut } = await this.#ports.read(organisationId, (tx) =>
      store.readHistory(tx, organisationId, {
        ...{ ...question, untilMs },
        limit: question.limit + 1,
      }),
    );
    const budget = new ByteBudget(PAGE_BYTES_MAX);
    const documents: FhirDocument[] = [];
    let told = 0;
    for (const row of rows.slice(0, question.limit)) {
      if (budget.isSpent) break;
      const document = this.#documentOf(organisationId, row);
      if (document.ok) {
        documents.push(document.value);
        budget.spend(document.value.text);
      }
      told += 1;
    }
    return { documents, last: rows[told - 1], isMore: isCut || rows.length > told };
  }

  async parse(
    type: string | undefined,
    parameters: Iterable<readonly [string, string]>,
    asking: Asking,
  ): Promise<Result<SearchQuery>> {
    const { definitions } = await fhirKnowledge();
    const { isStrict, baseUrl } = asking;
    const nowMs = this.#ports.nowMs();
    const parsed = parseSearch(type, parameters, { definitions, isStrict, baseUrl, nowMs });
    const { behind } = this.#ports.patients;
    return parsed.ok ? ok(withRecordsBehind(parsed.value, behind)) : parsed;
  }

  async search(organisationId: OrganisationId, query: SearchQuery): Promise<Result<SearchPage>> {
    const knowledge = await fhirKnowledge();
    const asked = isByChange(query) ? upTo(await this.settled(organisationId), query) : query;
    await this.#shelfOf(knowledge).prepare(this.#ports.read, organisationId);
    return await this.#ports.read(organisationId, (tx) =>
      runSearch(this.#session(tx, organisationId, knowledge), asked, knowledge),
    );
  }

  /**
   * A moment up to which all that was written is there, and later than which nothing will be written: for
   * whoever asks what has changed, and goes on from there the next time.
   */
  async settled(organisationId: OrganisationId): Promise<number> {
    const untilMs = this.#timesOf(organisationId).tell();
    const underWay = [...this.#underWay].filter(([, of]) => of === organisationId);
    await Promise.allSettled(underWay.map(([performing]) => performing));
    return untilMs;
  }

  #timesOf(organisationId: OrganisationId): WriteTimes {
    const known = this.#times.get(organisationId);
    if (known !== undefined) return known;
    const made = new WriteTimes(this.#ports.nowMs);
    this.#times.set(organisationId, made);
    return made;
  }

  /** For operations, which ask what no search can. */
  async look<T>(
    organisationId: OrganisationId,
    work: (session: SearchSession, knowledge: Knowledge) => Promise<T>,
  ): Promise<T> {
    const knowledge = await fhirKnowledge();
    await this.#shelfOf(knowledge).prepare(this.#ports.read, organisationId);
    return await this.#ports.read(organisationId, (tx) =>
      work(this.#session(tx, organisationId, knowledge), knowledge),
    );
  }

  /** All of them or none. */
  async perform(
    organisationId: OrganisationId,
    acts: readonly Act[],
    asker: Asker = { actor: undefined, baseUrl: undefined },
  ): Promise<Answer<Done[]>> {
    const run = () => this.#perform(organisationId, acts, asker);
    const isOfPatients = acts.some(({ type }) => type === PATIENT);
    const performing = isOfPatients ? this.#ports.inTurn(run) : run();
    this.#underWay.set(performing, organisationId);
    return await performing.finally(() => this.#underWay.delete(performing));
  }

  async #perform(
    organisationId: OrganisationId,
    asked: readonly Act[],
    asker: Asker,
  ): Promise<Answer<Done[]>> {
    const looked = await this.#watch.prepare(organisationId, asked, asker);
    if (!looked.ok) return looked;
    const acts = looked.value;
    const { people, inLaneAs, index, keys, patients, newId, pause, untold } = this.#ports;
    const { readings, alarmFlags, devices } = this.#ports;
    const nowMs = () => this.#timesOf(organisationId).give();
    const knowledge = await fhirKnowledge();
    const hash = this.hashOf(organisationId);
    const entriesOf = this.#indexOf(organisationId, knowledge);
    const parts = { keys, patients, untold, knowledge, entriesOf, hash };
    const ofHere = { readings, alarmFlags, devices, docNames: this.#docNames };
    const common = { ...parts, ...ofHere, nowMs, newId, pause, asker };
    if (areCreations(acts)) {
      const prepared = await this.#creations.prepare(acts, () =>
        prepareCreations(people, organisationId, acts, common),
      );
      return prepared.ok ? await this.#create(organisationId, prepared.value, asker) : prepared;
    }
    const shelf = this.#shelfOf(knowledge);
    await shelf.prepare(this.#ports.read, organisationId);
    let found: readonly Untold[] = [];
    let told = (): void => undefined;
    const outcome = await inLaneAs(organisationId, async (tx) => {
      const performed = await performActs(tx, organisationId, acts, {
        ...common,
        onWritten: async (written) => {
          told = await this.#watch.written(tx, organisationId, [{ documents: written, asker }]);
        },
        readPatient: async (subject) => {
          const names = [{ type: PATIENT, id: subject.id }];
          const [row] = await store.readDocuments(tx, organisationId, names);
          const document = row && this.#documentOf(organisationId, row);
          return patients.tell(subject, document?.ok ? document.value : undefined);
        },
        find: async (type, parameters) => {
          // What is not found yet would be made a second time. Patients have no index to wait for.
          if (type !== PATIENT && index.isPartial(organisationId)) return fail('STORE_UNAVAILABLE');
          const asking = { isStrict: true, baseUrl: asker.baseUrl };
          const query = await this.parse(type, parameters, asking);
          if (!query.ok) return query;
          const session = this.#session(tx, organisationId, knowledge);
          return await runSearch(session, { ...query.value, count: 2 }, knowledge);
        },
      });
      if (!performed.ok) throw new Undone(performed.refusal);
      found = performed.value.untold;
      return performed.value;
    })
      .catch(undoneAnswer)
      .catch((error: unknown) => {
        if (found.length > 0) untold.doubt();
        throw error;
      });
    if ('refusal' in outcome) return outcome;
    this.noteChange(organisationId);
    for (const done of outcome.afterwards) done();
    viewAsPlatform(() => untold.tell(found));
    viewAsPlatform(told);
    for (const { document } of outcome.done) {
      if (document?.type === PATIENT) shelf.put(organisationId, document);
    }
    return { ok: true, value: outcome.done };
  }

  /** Together with what others ask for, unless the rows that are seen are the caller's alone. */
  async #rowOf(organisationId: OrganisationId, name: DocumentName) {
    if (viewing()?.rows() === undefined) return await this.#readsOf(organisationId).write(name);
    const [row] = await this.#ports.read(organisationId, (tx) =>
      store.readDocuments(tx, organisationId, [name]),
    );
    return row;
  }

  #readsOf(organisationId: OrganisationId): Reads {
    const known = this.#reads.get(organisationId);
    if (known !== undefined) return known;
    const { read, pause } = this.#ports;
    const reads: Reads = new GatheredWrites({
      write: async (names) => {
        const rows = await read(organisationId, (tx) =>
          store.readDocuments(tx, organisationId, names),
        );
        const byName = new Map(rows.map((row) => [`${row.type}/${row.id}`, row]));
        return names.map(({ type, id }) => byName.get(`${type}/${id}`));
      },
      weigh: () => 1,
      weightMax: READ_AT_ONCE,
      gather: pause,
    });
    this.#reads.set(organisationId, reads);
    return reads;
  }

  async #create(
    organisationId: OrganisationId,
    prepared: Prepared[],
    asker: Asker,
  ): Promise<Answer<Done[]>> {
    const { untold } = this.#ports;
    const found = prepared.flatMap((one) => one.untold ?? []);
    await this.#creations.write(organisationId, { prepared, asker }).catch((error: unknown) => {
      if (found.length > 0) untold.doubt();
      throw error;
    });
    viewAsPlatform(() => untold.tell(found));
    for (const { row, copies } of prepared)
      for (const { subject_id } of [row, ...copies]) this.noteChange(subject_id ?? organisationId);
    return { ok: true, value: prepared.map(({ document }) => ({ status: 201, document })) };
  }

  /** The records that were merged into this patient's. */
  readonly behind: RecordsBehind = (id) => this.#ports.patients.behind(id);

  /** Another number after each write that may have made a document of this subject. */
  changesOf(organisationId: OrganisationId, subjectId: SubjectId): number {
    const of = [organisationId, subjectId, ...this.#ports.patients.behind(subjectId)];
    return of.reduce((sum, one) => sum + (this.#changes.get(one) ?? 0), 0);
  }

  noteChange(of: OrganisationId | SubjectId): void {
    this.#changes.set(of, (this.#changes.get(of) ?? 0) + 1);
  }

  /** Nothing of an erased subject stays in memory; resolves when nothing of it is being written. */
  async forget(subjectId: string): Promise<void> {
    this.#shelf?.forget(subjectId);
    await Promise.allSettled(this.#underWay.keys());
    // What was being written has been put there since.
    this.#shelf?.forget(subjectId);
  }

  #documentOf(organisationId: OrganisationId, row: store.VersionRow): Answer<FhirDocument> {
    const { type, id, version, updated_ms: updatedMs, sealed } = row;
    const known = { type, id, versionId: String(version), updatedMs };
    if (sealed === null) return { ok: true, value: { ...known, text: undefined, subjectIds: [] } };
    const { keys } = this.#ports;
    // Erased: its rows are about to go.
    if (row.subject_id !== null && keys.sealOf(row.subject_id) === undefined) return NOT_HERE;
    const opened = openVersion(keys, organisationId, { ...row, sealed });
    if (!opened.ok) return UNREADABLE;
    const told = { type, id, subjectId: row.subject_id, text: opened.value };
    if (viewing()?.seesDocument(told) === false) return NOT_HERE;
    return { ok: true, value: openedDocument(known, row.subject_id, opened.value) };
  }

  #session(tx: Reader, organisationId: OrganisationId, knowledge: Knowledge): SearchSession {
    const { keys, pause, devices } = this.#ports;
    const hash = this.hashOf(organisationId);
    const shelf = this.#shelfOf(knowledge);
    const parts = { knowledge, keys, shelf, devices, pause };
    return new SearchSession({ tx, organisationId, hash }, parts);
  }

  #shelfOf(knowledge: Knowledge): PatientShelf {
    const { keys, patients, pause } = this.#ports;
    this.#shelf ??= new PatientShelf({ patients, keys, knowledge, pause });
    return this.#shelf;
  }

  #indexOf(organisationId: OrganisationId, knowledge: Knowledge): EntriesOf {
    const known = this.#indexes.get(organisationId);
    if (known !== undefined) return known;
    const made = documentIndex(knowledge, this.hashOf(organisationId));
    this.#indexes.set(organisationId, made);
    return made;
  }

  readonly hashOf = (organisationId: OrganisationId): Hash => {
    const known = this.#hashes.get(organisationId);
    if (known !== undefined) return known;
    const made = searchHash(this.#ports.keys.searchKey(organisationId));
    this.#hashes.set(organisationId, made);
    return made;
  };
}

function presentIn(document: Answer<FhirDocument> | undefined): Answer<FhirDocument> {
  if (document === undefined) return NOT_HERE;
  return document.ok && document.value.text === undefined ? GONE : document;
}
