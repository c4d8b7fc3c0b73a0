/** The FHIR room by itself: documents, keys and the registry on a database of its own. */

import { randomBytes, randomUUID } from 'node:crypto';
import { readyLimits } from '@ausculta/rules/adult-limits';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Resource } from '@medplum/fhirtypes';
import { Turns } from '../../apps/server/src/admissions/turns.ts';
import { type RegisteredSubject, Registry } from '../../apps/server/src/devices/registry.ts';
import type { Act, Done } from '../../apps/server/src/fhir/acts.ts';
import type { Answer } from '../../apps/server/src/fhir/answer.ts';
import { DevicesById } from '../../apps/server/src/fhir/devices-by-id.ts';
import type { DocumentKeys, FhirDocument } from '../../apps/server/src/fhir/document.ts';
import { IndexState } from '../../apps/server/src/fhir/index-state.ts';
import { Patients } from '../../apps/server/src/fhir/patients.ts';
import { indexAll } from '../../apps/server/src/fhir/reindex.ts';
import { Repository } from '../../apps/server/src/fhir/repository.ts';
import { UntoldFindings } from '../../apps/server/src/fhir/untold.ts';
import type { Finding } from '../../apps/server/src/line/finding.ts';
import { lanesOfPeople, PostgresLog } from '../../apps/server/src/telemetry/postgres-log.ts';
import { createSeal, type Seal } from '../../apps/server/src/vault/seal.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { aloneIn } from './lane.ts';

export interface FhirHouse extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly keys: DocumentKeys;
  readonly registry: Registry;
  readonly patients: Patients;
  readonly repository: Repository;
  readonly index: IndexState;
  readonly organisationId: OrganisationId;
  /** Turned by hand. */
  readonly clock: { nowMs: number };
  /** What the alarm book is told. */
  readonly told: readonly Finding[];
  /** How often others were let in between. */
  readonly pauses: { count: number };
  /** Another repository on the same documents, whose key of the index is another one. */
  readonly withOtherIndexKey: () => Promise<Repository>;
  /** Indexes whatever is not; what goes wrong on the way is counted. */
  readonly indexAll: (problems: { count: number }) => Promise<void>;
  /** Destroys the key of a subject, as an erasure does first. */
  readonly shred: (subjectId: string) => void;
}

/** A key for each subject, made when it is first asked for. */
function keysBySubject() {
  const seals = new Map<string, Seal>();
  const shredded = new Set<string>();
  const sealFor = (owner: string): Seal => {
    const made = seals.get(owner) ?? createSeal(randomBytes(32), randomBytes);
    seals.set(owner, made);
    return made;
  };
  return {
    shredded,
    sealOf: (id: string) => (shredded.has(id) ? undefined : sealFor(id)),
    organisationSeal: sealFor,
    keep: () => undefined,
    isShredded: (id: string) => shredded.has(id),
    legacy: undefined,
    searchKey: () => Buffer.alloc(32, 7) as Uint8Array,
  };
}

/** Nobody measures anything here. */
const NOTHING = { isOne: () => false, read: () => Promise.resolve(undefined) };
const NOTHING_TOLD = { readings: NOTHING, alarmFlags: NOTHING, auditEvents: NOTHING };

const limitsOf = ({ category }: { readonly category: PatientCategory }) => readyLimits(category);

export async function fhirHouse(): Promise<FhirHouse> {
  const database = await freshDatabase();
  const owner = await PostgresLog.takeOver(database.line);
  const lanes = lanesOfPeople(database.people, { owner, onTakenOver: () => undefined });
  const organisationId = randomUUID() as OrganisationId;
  await database.line`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'House')`;
  const keys = keysBySubject();
  const { line } = database;
  const registry = await Registry.load({ sql: line, inLane: aloneIn(line), keys });
  const categoryOf = ({ category }: RegisteredSubject) => category;
  const patients = new Patients({
    ...{ registry, keys, categoryOf },
    recordsOf: () => ({ into: undefined, from: [] }),
  });
  const turns = new Turns();
  const clock = { nowMs: Date.UTC(2026, 10, 21) };
  const pauses = { count: 0 };
  const told: Finding[] = [];
  const ports = {
    ...{ people: database.people, read: database.read, ...lanes, keys, patients },
    ...{ index: new IndexState(database.read), ...NOTHING_TOLD },
    devices: new DevicesById(registry, () => clock.nowMs),
    inTurn: <T>(act: () => Promise<T>) => turns.run(act),
    nowMs: () => clock.nowMs,
    newId: () => randomUUID(),
    untold: new UntoldFindings({
      ...{ sql: line, keys, newId: randomUUID, recordOf: (subject) => subject, limitsOf },
      alarms: { tell: (findings) => told.push(...findings), settle: () => Promise.resolve() },
      after: (delayMs, run) => void setTimeout(run, delayMs),
      onProblem: (what, error) => {
        throw new Error(what, { cause: error });
      },
    }),
    pause: () => {
      pauses.count += 1;
      return Promise.resolve();
    },
  };
  const repository = new Repository(ports);
  const index = new IndexState(database.read);
  const indexing = {
    index,
    ...{ sql: database.line, keys, pause: () => Promise.resolve(), isClosed: () => false },
    after: (_delayMs: number, run: () => void) => void setImmediate(run),
    onIndexed: () => undefined,
    onProblem: () => undefined,
  };
  return {
    ...{ database, keys, registry, patients, repository, index, organisationId, clock },
    ...{ pauses, told },
    withOtherIndexKey: async () => {
      const key = randomBytes(32);
      const other = new Repository({ ...ports, keys: { ...keys, searchKey: () => key } });
      await indexAll({ ...indexing, hashOf: other.hashOf });
      return other;
    },
    indexAll: (problems) =>
      indexAll({
        ...{ ...indexing, hashOf: repository.hashOf },
        onProblem: () => {
          problems.count += 1;
        },
      }),
    shred: (id) => {
      keys.shredded.add(id);
      registry.forget(id as SubjectId, clock.nowMs);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Whatever is written waits from now on, as behind a slow disk, until it is let go. */
export async function holdWrites({ database }: FhirHouse): Promise<() => void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const holding = database.line.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(lane_lock(lane)) FROM lane FOR UPDATE`;
    hold();
    await released;
  });
  await Promise.race([held, holding]);
  return release;
}

export function create(resource: object): Act {
  const given = resource as Resource;
  return { kind: 'create', type: given.resourceType, resource: given, hasPrecise: false };
}

export function update(resource: object, ifMatch?: string): Act {
  const given = resource as Resource & { id: string };
  const { resourceType: type, id } = given;
  const act = { kind: 'update', type, id, resource: given, hasPrecise: false } as const;
  return ifMatch === undefined ? act : { ...act, ifMatch };
}

/** What was done, where it was one thing; a refusal is an error of the test. */
export async function performed(house: FhirHouse, act: Act): Promise<Done> {
  const [done] = answered(await house.repository.perform(house.organisationId, [act]));
  if (done === undefined) throw new Error('nothing was done');
  return done;
}

export async function documentAfter(house: FhirHouse, act: Act): Promise<FhirDocument> {
  const { document } = await performed(house, act);
  if (document === undefined) throw new Error('there is no document');
  return document;
}

export function answered<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`refused: ${JSON.stringify(answer.refusal)}`);
}

export function statusOf(answer: Answer<unknown>): number {
  return answer.ok ? 200 : answer.refusal.status;
}

/** The ids that a search finds, in its order. */
export async function idsFound(house: FhirHouse, type: string, query: string): Promise<string[]> {
  const asking = { isStrict: true, baseUrl: undefined };
  const { repository, organisationId } = house;
  const parsed = await repository.parse(type, new URLSearchParams(query), asking);
  if (!parsed.ok) throw new Error(`not understood: ${JSON.stringify(parsed.fault)}`);
  const page = await repository.search(organisationId, parsed.value);
  if (!page.ok) throw new Error(`refused: ${JSON.stringify(page.fault)}`);
  return page.value.matches.map(({ id }) => id);
}
