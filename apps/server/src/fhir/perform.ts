import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Patient, Resource } from '@medplum/fhirtypes';
import type { Sql, Transaction } from '../database/pool.ts';
import { seeAll } from '../database/store.ts';
import { viewing } from '../database/viewing.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Act, Asker, Done } from './acts.ts';
import { type Answer, refuse } from './answer.ts';
import type { DocumentName, FhirDocument } from './document.ts';
import type { Knowledge } from './knowledge.ts';
import { NUMBER_TAKEN, PATIENT, type Patients, type SubjectChange } from './patients.ts';
import { type Made, type Question, type QuestionPorts, Questions } from './questions.ts';
import { questionOf, questionsIn, resolveReferences } from './references.ts';
import { type HeadRow, lockHeads } from './store.ts';
import { type ToldPorts, toldHere } from './told-here.ts';
import type { Untold, UntoldFindings } from './untold.ts';
import { validIn } from './valid-act.ts';
import {
  AT_ONCE,
  type Draft,
  type Prepared,
  prepareVersions,
  type WriterPorts,
  writeVersions,
} from './version-writer.ts';

export interface PerformPorts
  extends Omit<WriterPorts, 'isSubject' | 'judge'>,
    QuestionPorts,
    ToldPorts {
  readonly knowledge: Knowledge;
  readonly patients: Patients;
  readonly untold: Pick<UntoldFindings, 'judge'>;
  readonly readPatient: (subject: RegisteredSubject) => Promise<FhirDocument>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly asker: Asker;
}

export interface Performed {
  readonly done: Done[];
  /** What memory learns once all of it is durable. */
  readonly afterwards: readonly (() => void)[];
  /** What is told then. */
  readonly untold: readonly Untold[];
}

/** An act whose resource is known: what is there already, or what is to be written where. */
type Meant =
  | { readonly kind: 'found'; readonly document: FhirDocument }
  | { readonly kind: 'made'; readonly by: Made }
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'write';
      readonly name: DocumentName;
      readonly given: { readonly resource: Resource; readonly hasPrecise: boolean } | undefined;
      readonly isNew: boolean;
      readonly ifMatch: string | undefined;
    };

type Write = Extract<Meant, { kind: 'write' }>;

export async function performActs(
  tx: Transaction,
  organisationId: OrganisationId,
  acts: readonly Act[],
  ports: PerformPorts,
): Promise<Answer<Performed>> {
  const meant: Meant[] = [];
  const asked = new Questions(tx, ports);
  const inReferences = questionsIn(acts);
  const held = await asked.hold([
    ...acts.flatMap((act) => conditionOf(act) ?? []),
    ...[...inReferences].map(questionOf),
  ]);
  if (!held.ok) return held;
  for (const [index, act] of acts.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await ports.pause();
    const invalid = await validIn(act, ports);
    if (!invalid.ok) return of(index, invalid);
    const one = await meaningOf(act, { asked, index }, ports);
    if (!one.ok) return of(index, one);
    const ours = refusalOf(organisationId, one.value, ports);
    if (ours !== undefined) return of(index, ours);
    meant.push(one.value);
  }
  const resolved = await resolveReferences(acts, meant.map(nameOf), {
    questions: inReferences,
    findOne: async (question) => {
      const found = await asked.findOne(question);
      return found.ok ? { ok: true, value: found.value.document ?? found.value.made?.name } : found;
    },
    baseUrl: ports.asker.baseUrl,
  });
  if (!resolved.ok) return resolved;
  const writes = meant.filter((one) => one.kind === 'write');
  const twice = repeated(writes.map(({ name }) => `${name.type}/${name.id}`));
  if (twice) {
    const text = 'Two entries are about the same resource.';
    return refuse(400, { code: 'invariant', text });
  }
  const names = writes.filter(({ isNew }) => !isNew).map(({ name }) => name);
  // What is there is known whether the caller sees it or not: whether they may write it is asked of each.
  if (viewing()?.rows() !== undefined) await seeAll(tx);
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
  ports: Omit<PerformPorts, 'readPatient' | 'find' | 'onWritten'>,
): Promise<Answer<Prepared[]>> {
  const names: DocumentName[] = [];
  for (const [index, act] of acts.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await ports.pause();
    const invalid = await validIn(act, ports);
    if (!invalid.ok) return of(index, invalid);
    names.push({ type: act.type, id: ports.newId() });
  }
  const { baseUrl } = ports.asker;
  const findOne = () => Promise.resolve({ ok: true, value: undefined } as const);
  await resolveReferences(acts, names, { questions: new Set(), findOne, baseUrl });
  const updatedMs = ports.nowMs();
  const drafts = acts.map(({ resource, hasPrecise }, index): Draft => {
    const name = names[index] as DocumentName;
    return { ...name, resource, hasPrecise, head: undefined, updatedMs };
  });
  const { isSubject } = ports.patients;
  const judge = judgeOf(organisationId, [], ports);
  return await prepareVersions(sql, organisationId, drafts, { ...ports, isSubject, judge });
}

type Refused = Extract<Answer<never>, { ok: false }>;

function refusalOf(
  organisationId: OrganisationId,
  meant: Meant,
  ports: ToldPorts,
): Refused | undefined {
  if (meant.kind !== 'write' || meant.isNew) return undefined;
  return toldHere(organisationId, meant.name, ports);
}

function of(act: number, { refusal }: Refused): Refused {
  return { ok: false, refusal: { ...refusal, act } };
}

/** Where an act's resource is: what others of the same transaction refer to. */
function nameOf(meant: Meant): DocumentName | undefined {
  if (meant.kind === 'nothing') return undefined;
  if (meant.kind === 'made') return meant.by.name;
  return meant.kind === 'found' ? meant.document : meant.name;
}

function repeated(keys: readonly string[]): boolean {
  return new Set(keys).size < keys.length;
}

/** What an act asks before it is done. */
function conditionOf(act: Act): Question | undefined {
  if (act.kind === 'update-where' || act.kind === 'delete-where') return act;
  if (act.kind !== 'create' || act.ifNoneExist === undefined) return undefined;
  return { type: act.type, query: act.ifNoneExist };
}

interface Asking {
  readonly asked: Questions;
  readonly index: number;
}

async function meaningOf(
  act: Act,
  { asked, index }: Asking,
  ports: Pick<PerformPorts, 'newId'>,
): Promise<Answer<Meant>> {
  const condition = conditionOf(act);
  if (condition === undefined) return { ok: true, value: unconditional(act, ports) };
  const found = await asked.findOne(condition);
  if (!found.ok) return found;
  const { document, made } = found.value;
  const known = document ?? made?.name;
  switch (act.kind) {
    case 'create': {
      if (document !== undefined) return { ok: true, value: { kind: 'found', document } };
      if (made !== undefined) return { ok: true, value: { kind: 'made', by: made } };
      const value = unconditional(act, ports);
      asked.note(condition, { name: value.name, act: index });
      return { ok: true, value };
    }
    case 'update-where': {
      const updated = updateWhere(act, known?.id, ports);
      if (updated.ok && known === undefined)
        asked.note(condition, { name: updated.value.name, act: index });
      return updated;
    }
    default: {
      if (known === undefined) return { ok: true, value: { kind: 'nothing' } };
      const name = { type: act.type, id: known.id };
      const removal = { name, given: undefined, isNew: false, ifMatch: undefined };
      return { ok: true, value: { kind: 'write', ...removal } };
    }
  }
}

/** As it is said, whatever is there. */
function unconditional(act: Act, { newId }: Pick<PerformPorts, 'newId'>): Write {
  const { type } = act;
  const ifMatch = 'ifMatch' in act ? act.ifMatch : undefined;
  const given = 'resource' in act ? act : undefined;
  const isNew = !('id' in act);
  const id = 'id' in act ? act.id : newId();
  return { kind: 'write', name: { type, id }, given, isNew, ifMatch };
}

function updateWhere(
  act: Extract<Act, { kind: 'update-where' }>,
  known: string | undefined,
  { newId }: Pick<PerformPorts, 'newId'>,
): Answer<Write> {
  const { type, resource, hasPrecise, ifMatch } = act;
  const said = resource.id;
  if (known !== undefined && said !== undefined && said !== known) {
    const text = 'The resource has another id than the one that was found.';
    return refuse(400, { code: 'invalid', text, at: `${type}.id` });
  }
  const id = known ?? said ?? newId();
  const given = { resource: { ...resource, id }, hasPrecise };
  // Of an id that the client has chosen there may be one already, which the search did not find.
  const isNew = known === undefined && said === undefined;
  return { ok: true, value: { kind: 'write', name: { type, id }, given, isNew, ifMatch } };
}

async function writeAll(
  tx: Transaction,
  organisationId: OrganisationId,
  { meant, heads }: { readonly meant: readonly Meant[]; readonly heads: readonly HeadRow[] },
  ports: PerformPorts,
): Promise<Answer<Performed>> {
  const byName = new Map(heads.map((head) => [`${head.type}/${head.id}`, head]));
  const drafts: Draft[] = [];
  const statuses: number[] = [];
  const changes: SubjectChange[] = [];
  const changedBy: number[] = [];
  const done: Told[] = [];
  const updatedMs = ports.nowMs();
  for (const [index, one] of meant.entries()) {
    if (one.kind === 'found') done.push({ status: 200, document: one.document });
    else if (one.kind === 'made') done.push({ madeBy: one.by.act });
    else if (one.kind === 'nothing') done.push({ status: 204, document: undefined });
    else {
      const head = byName.get(`${one.name.type}/${one.name.id}`);
      const allowed = await allow(tx, organisationId, { write: one, head }, ports);
      if (!allowed.ok) return of(index, allowed);
      const { change } = allowed.value;
      if (change !== undefined) {
        changes.push(change);
        changedBy.push(index);
      }
      const isThere = head !== undefined && !head.is_deleted;
      if (one.given === undefined && !isThere) {
        done.push({ status: 204, document: undefined });
        continue;
      }
      const { hasPrecise = false } = one.given ?? {};
      const resource = allowed.value.patient ?? one.given?.resource;
      const laterMs = Math.max(updatedMs, head?.updated_ms ?? updatedMs);
      drafts.push({ ...one.name, resource, hasPrecise, head, updatedMs: laterMs });
      const status = resource === undefined ? 204 : allowed.value.isThere ? 200 : 201;
      done.push({ written: statuses.length });
      statuses.push(status);
    }
  }
  const clash = ports.patients.clashIn(organisationId, changes);
  if (clash !== undefined) return of(changedBy[clash] as number, NUMBER_TAKEN);
  const isSubject: WriterPorts['isSubject'] = (organisation, id) =>
    ports.patients.isSubject(organisation, id) || changes.some(({ subject }) => subject.id === id);
  const judge = judgeOf(organisationId, changes, ports);
  const written = await writeVersions(tx, organisationId, drafts, { ...ports, isSubject, judge });
  if (!written.ok) return written;
  const told: Done[] = [];
  for (const one of done) {
    if ('madeBy' in one) told.push({ status: 200, document: told[one.madeBy]?.document });
    else if ('status' in one) told.push(one);
    else {
      const document = written.value[one.written]?.document;
      told.push({ status: statuses[one.written] ?? 200, document });
    }
  }
  const afterwards = changes.map((change) => change.done);
  const untold = written.value.flatMap((one) => one.untold ?? []);
  return { ok: true, value: { done: told, afterwards, untold } };
}

/** By the limits of each patient as all of it leaves them. */
function judgeOf(
  organisationId: OrganisationId,
  changes: readonly SubjectChange[],
  { patients, untold }: Pick<PerformPorts, 'patients' | 'untold'>,
): WriterPorts['judge'] {
  const subjectOf = (id: string): RegisteredSubject | undefined =>
    changes.find(({ subject }) => subject.id === id)?.subject ?? patients.of(organisationId, id);
  return (resource, nowMs) => untold.judge(resource, { subjectOf, nowMs });
}

/** What was done already; which of the drafts it is; or which act has made it. */
type Told = Done | { readonly written: number } | { readonly madeBy: number };

interface Allowing {
  readonly write: Write;
  readonly head: HeadRow | undefined;
}

interface Allowed {
  readonly isThere: boolean;
  /** Of the registry, where it is of a patient. */
  readonly change?: SubjectChange;
  /** As it is to be kept, where that is not as it was given. */
  readonly patient?: Patient;
}

/** Whether the version is the one that the client has seen; and what becomes of a patient's subject. */
async function allow(
  tx: Transaction,
  organisationId: OrganisationId,
  { write, head }: Allowing,
  ports: PerformPorts,
): Promise<Answer<Allowed>> {
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
  if (subject !== undefined && patients.isReplaced(subject)) return REPLACED;
  if (subject !== undefined) {
    const by = { actor: ports.asker.actor, atMs: ports.nowMs() };
    const change = await patients.change(tx, subject, patient, by);
    return { ok: true, value: { isThere: true, change, patient: change.patient } };
  }
  const added = await patients.add(tx, organisationId, { id: name.id, patient });
  return added.ok ? { ok: true, value: { isThere: false, change: added.value } } : added;
}

const NOTHING_THERE = { ok: true, value: { isThere: false } } as const;

const NOT_DELETED = refuse(405, {
  code: 'business-rule',
  text: 'A patient is not deleted: an administrator ends the record by its erasure.',
  at: 'Patient',
});

const REPLACED = refuse(409, {
  code: 'business-rule',
  text: 'This record was merged into another, which its link names. Write to that one.',
  at: 'Patient',
});

const CHANGED = refuse(412, {
  code: 'conflict',
  text: 'The resource is not in the version that If-Match names. Read it again.',
});
