/**
 * Does what a client asks, in one transaction: finds what is meant, refuses what is against the
 * rules, and writes all of it with a few sentences, however many there are.
 */
import { isError } from '@ausculta/fhir/validation';
import type { Result } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Patient, Resource } from '@medplum/fhirtypes';
import type { Sql, Transaction } from '../database/pool.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Act, Done } from './acts.ts';
import { type Answer, refuse, refuseFor, refuseInvalid } from './answer.ts';
import type { DocumentName, FhirDocument } from './document.ts';
import type { Knowledge } from './knowledge.ts';
import { PATIENT, type Patients, type SubjectChange } from './patients.ts';
import type { ReadingsById } from './reading-by-id.ts';
import { questionsIn, resolveReferences } from './references.ts';
import type { SearchPage } from './search.ts';
import { type HeadRow, lockHeads, lockQuestion } from './store.ts';
import {
  AT_ONCE,
  type Draft,
  type Prepared,
  prepareVersions,
  type WriterPorts,
  writeVersions,
} from './version-writer.ts';

export interface PerformPorts extends Omit<WriterPorts, 'isSubject'> {
  readonly knowledge: Knowledge;
  readonly patients: Patients;
  readonly readings: Pick<ReadingsById, 'isOne'>;
  readonly readPatient: (subject: RegisteredSubject) => Promise<FhirDocument>;
  /** Two at most: whether there is one, and one only. */
  readonly find: (
    type: string,
    parameters: Iterable<readonly [string, string]>,
  ) => Promise<Result<SearchPage>>;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

export interface Performed {
  readonly done: Done[];
  /** What memory learns once all of it is durable. */
  readonly afterwards: readonly (() => void)[];
}

/** An act whose resource is known: what is there already, or what is to be written where. */
type Meant =
  | { readonly kind: 'found'; readonly document: FhirDocument }
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'write';
      readonly name: DocumentName;
      readonly given: { readonly resource: Resource; readonly hasPrecise: boolean } | undefined;
      readonly isNew: boolean;
      readonly ifMatch: string | undefined;
    };

export async function performActs(
  tx: Transaction,
  organisationId: OrganisationId,
  acts: readonly Act[],
  ports: PerformPorts,
): Promise<Answer<Performed>> {
  const meant: Meant[] = [];
  for (const [index, act] of acts.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await ports.pause();
    const invalid = validIn(act, ports);
    if (!invalid.ok) return of(index, invalid);
    const one = await meaningOf(tx, act, ports);
    if (!one.ok) return of(index, one);
    if (isReading(organisationId, one.value, ports)) return of(index, IS_READING);
    meant.push(one.value);
  }
  const resolved = await resolveReferences(acts, meant.map(nameOf), (type, query) =>
    findOne(tx, { type, query }, ports),
  );
  if (!resolved.ok) return resolved;
  const writes = meant.filter((one) => one.kind === 'write');
  const twice = repeated(writes.map(({ name }) => `${name.type}/${name.id}`));
  if (twice) {
    const text = 'Two entries are about the same resource.';
    return refuse(400, { code: 'invariant', text });
  }
  const names = writes.filter(({ isNew }) => !isNew).map(({ name }) => name);
  const heads = names.length === 0 ? [] : await lockHeads(tx, organisationId, names);
  return await writeAll(tx, organisationId, { meant, heads }, ports);
}

type Creation = Extract<Act, { kind: 'create' }>;

/** New documents that ask for nothing that is there: they need no transaction before they are written. */
export function areCreations(acts: readonly Act[]): acts is readonly Creation[] {
  return (
    acts.every(
      (act) => act.kind === 'create' && act.ifNoneExist === undefined && act.type !== PATIENT,
    ) && questionsIn(acts).size === 0
  );
}

export async function prepareCreations(
  sql: Sql,
  organisationId: OrganisationId,
  acts: readonly Creation[],
  ports: Omit<PerformPorts, 'readPatient' | 'find'>,
): Promise<Answer<Prepared[]>> {
  const names: DocumentName[] = [];
  for (const [index, act] of acts.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await ports.pause();
    const invalid = validIn(act, ports);
    if (!invalid.ok) return of(index, invalid);
    names.push({ type: act.type, id: ports.newId() });
  }
  await resolveReferences(acts, names, () => Promise.resolve({ ok: true, value: undefined }));
  const updatedMs = ports.nowMs();
  const drafts = acts.map(({ resource, hasPrecise }, index): Draft => {
    const name = names[index] as DocumentName;
    return { ...name, resource, hasPrecise, head: undefined, updatedMs };
  });
  const { isSubject } = ports.patients;
  return await prepareVersions(sql, organisationId, drafts, { ...ports, isSubject });
}

function isReading(
  organisationId: OrganisationId,
  meant: Meant,
  { readings }: Pick<PerformPorts, 'readings'>,
): boolean {
  if (meant.kind !== 'write' || meant.isNew || meant.name.type !== 'Observation') return false;
  return readings.isOne(organisationId, meant.name.id);
}

const IS_READING = refuse(405, {
  code: 'business-rule',
  text: 'A reading is what a device measured: it is neither changed nor deleted here.',
  at: 'Observation.id',
});

type Refused = Extract<Answer<never>, { ok: false }>;

function of(act: number, { refusal }: Refused): Refused {
  return { ok: false, refusal: { ...refusal, act } };
}

/** Where an act's resource is: what others of the same transaction refer to. */
function nameOf(meant: Meant): DocumentName | undefined {
  if (meant.kind === 'nothing') return undefined;
  return meant.kind === 'found' ? meant.document : meant.name;
}

function validIn(act: Act, { knowledge }: Pick<PerformPorts, 'knowledge'>): Answer<undefined> {
  if (act.kind === 'delete' || act.kind === 'delete-where') return { ok: true, value: undefined };
  const { resource, type } = act;
  if (resource.resourceType !== type) {
    const text = 'The resource is of another type than the address.';
    return refuse(400, { code: 'invalid', text, at: 'resourceType' });
  }
  if (act.kind === 'update' && resource.id !== act.id) {
    const text = 'The resource has another id than the address, or none.';
    return refuse(400, { code: 'invalid', text, at: `${type}.id` });
  }
  const issues = knowledge.issuesOf(resource);
  return issues.some(isError) ? refuseInvalid(issues) : { ok: true, value: undefined };
}

function repeated(keys: readonly string[]): boolean {
  return new Set(keys).size < keys.length;
}

async function meaningOf(tx: Transaction, act: Act, ports: PerformPorts): Promise<Answer<Meant>> {
  const ifMatch = 'ifMatch' in act ? act.ifMatch : undefined;
  switch (act.kind) {
    case 'create': {
      const { type, ifNoneExist } = act;
      const id = ports.newId();
      const write = { kind: 'write', name: { type, id }, given: act, isNew: true } as const;
      if (ifNoneExist === undefined) return { ok: true, value: { ...write, ifMatch } };
      const found = await findOne(tx, { type, query: ifNoneExist }, ports);
      if (!found.ok) return found;
      const value = found.value && ({ kind: 'found', document: found.value } as const);
      return { ok: true, value: value ?? { ...write, ifMatch } };
    }
    case 'update':
    case 'delete': {
      const { type, id } = act;
      const given = act.kind === 'update' ? act : undefined;
      return {
        ok: true,
        value: { kind: 'write', name: { type, id }, given, isNew: false, ifMatch },
      };
    }
    case 'update-where':
      return await updateWhere(tx, act, ports);
    case 'delete-where': {
      const { type } = act;
      const found = await findOne(tx, act, ports);
      if (!found.ok) return found;
      if (found.value === undefined) return { ok: true, value: { kind: 'nothing' } };
      const name = { type, id: found.value.id };
      return {
        ok: true,
        value: { kind: 'write', name, given: undefined, isNew: false, ifMatch: undefined },
      };
    }
    default:
      return act satisfies never;
  }
}

async function updateWhere(
  tx: Transaction,
  act: Extract<Act, { kind: 'update-where' }>,
  ports: PerformPorts,
): Promise<Answer<Meant>> {
  const { type, resource, hasPrecise, ifMatch } = act;
  const found = await findOne(tx, act, ports);
  if (!found.ok) return found;
  const said = resource.id;
  if (found.value !== undefined && said !== undefined && said !== found.value.id) {
    const text = 'The resource has another id than the one that was found.';
    return refuse(400, { code: 'invalid', text, at: `${type}.id` });
  }
  const id = found.value?.id ?? said ?? ports.newId();
  const given = { resource: { ...resource, id }, hasPrecise };
  // Of an id that the client has chosen there may be one already, which the search did not find.
  const isNew = found.value === undefined && said === undefined;
  return { ok: true, value: { kind: 'write', name: { type, id }, given, isNew, ifMatch } };
}

/** The one resource that is meant; more than one is a refusal. Nobody asks the same meanwhile. */
async function findOne(
  tx: Transaction,
  { type, query }: { readonly type: string; readonly query: string },
  { find, hash }: PerformPorts,
): Promise<Answer<FhirDocument | undefined>> {
  const parameters = [...new URLSearchParams(query)];
  if (parameters.length === 0) {
    return refuse(412, { code: 'required', text: 'The condition names no search parameter.' });
  }
  await lockQuestion(tx, hash(`question ${type}?${query}`));
  const page = await find(type, parameters);
  if (!page.ok) return refuseFor(page.fault);
  const [first, second] = page.value.matches;
  if (second === undefined) return { ok: true, value: first };
  const text = 'More than one resource passes the condition.';
  return refuse(412, { code: 'multiple-matches', text });
}

async function writeAll(
  tx: Transaction,
  organisationId: OrganisationId,
  { meant, heads }: { readonly meant: readonly Meant[]; readonly heads: readonly HeadRow[] },
  ports: PerformPorts,
): Promise<Answer<Performed>> {
  const byName = new Map(heads.map((head) => [`${head.type}/${head.id}`, head]));
  const drafts: Draft[] = [];
  const places: ((document: FhirDocument) => Done)[] = [];
  const changes: SubjectChange[] = [];
  const done: (Done | number)[] = [];
  const updatedMs = ports.nowMs();
  for (const [index, one] of meant.entries()) {
    if (one.kind === 'found') done.push({ status: 200, document: one.document });
    else if (one.kind === 'nothing') done.push({ status: 204, document: undefined });
    else {
      const head = byName.get(`${one.name.type}/${one.name.id}`);
      const allowed = await allow(tx, organisationId, { write: one, head, changes }, ports);
      if (!allowed.ok) return of(index, allowed);
      const isThere = head !== undefined && !head.is_deleted;
      if (one.given === undefined && !isThere) {
        done.push({ status: 204, document: undefined });
        continue;
      }
      const { hasPrecise = false, resource } = one.given ?? {};
      const laterMs = Math.max(updatedMs, head?.updated_ms ?? updatedMs);
      drafts.push({ ...one.name, resource, hasPrecise, head, updatedMs: laterMs });
      const status = resource === undefined ? 204 : allowed.value.isThere ? 200 : 201;
      places.push((document) => ({ status, document }));
      done.push(places.length - 1);
    }
  }
  const isSubject: WriterPorts['isSubject'] = (organisation, id) =>
    ports.patients.isSubject(organisation, id) || changes.some(({ subject }) => subject.id === id);
  const written = await writeVersions(tx, organisationId, drafts, { ...ports, isSubject });
  if (!written.ok) return written;
  const told = done.map((one) =>
    typeof one === 'number'
      ? (places[one] as (typeof places)[number])(at(written.value, one))
      : one,
  );
  return { ok: true, value: { done: told, afterwards: changes.map((change) => change.done) } };
}

function at(documents: readonly FhirDocument[], index: number): FhirDocument {
  return documents[index] as FhirDocument;
}

interface Allowing {
  readonly write: Extract<Meant, { kind: 'write' }>;
  readonly head: HeadRow | undefined;
  /** Of the registry, by this transaction; another may be added. */
  readonly changes: SubjectChange[];
}

/** Whether the version is the one that the client has seen; and what becomes of a patient's subject. */
async function allow(
  tx: Transaction,
  organisationId: OrganisationId,
  { write, head, changes }: Allowing,
  ports: PerformPorts,
): Promise<Answer<{ readonly isThere: boolean }>> {
  const { name, given, ifMatch } = write;
  const { patients } = ports;
  if (name.type !== PATIENT) {
    const current = head === undefined || head.is_deleted ? undefined : String(head.version);
    if (ifMatch !== undefined && ifMatch !== current) return CHANGED;
    return { ok: true, value: { isThere: current !== undefined } };
  }
  const subject = patients.of(organisationId, name.id);
  if (given === undefined) return subject === undefined ? NOTHING_THERE : NOT_DELETED;
  if (ifMatch !== undefined) {
    const current = subject && (await ports.readPatient(subject));
    if (current?.versionId !== ifMatch) return CHANGED;
  }
  const patient = given.resource as Patient;
  const change =
    subject === undefined
      ? await patients.add(tx, organisationId, { id: name.id, patient }, changes)
      : await patients.change(tx, subject, patient);
  if (!change.ok) return change;
  changes.push(change.value);
  return { ok: true, value: { isThere: subject !== undefined } };
}

const NOTHING_THERE = { ok: true, value: { isThere: false } } as const;

const NOT_DELETED = refuse(405, {
  code: 'business-rule',
  text: 'A patient is not deleted: an administrator ends the record by its erasure.',
  at: 'Patient',
});

const CHANGED = refuse(412, {
  code: 'conflict',
  text: 'The resource is not in the version that If-Match names. Read it again.',
});
