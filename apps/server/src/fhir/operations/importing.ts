/**
 * An import in bulk: each line becomes the resource that it is, under its own id, so that what an
 * export has told comes back as it was, and what is sent twice is there once. A line that cannot be
 * taken is told by its number; the others are taken all the same.
 */
import { parsePrecise, writePrecise } from '@ausculta/fhir/precise-json';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { Caller } from '../../people/sign-in.ts';
import type { Act, Done } from '../acts.ts';
import { isKept, isOnlyAdded } from '../allowed.ts';
import { type Answer, type Refusal, refuse } from '../answer.ts';
import { type Incoming, readIncoming } from '../incoming.ts';
import { fhirKnowledge } from '../knowledge.ts';
import { PATIENT } from '../patients.ts';
import { namedHere } from '../references.ts';
import type { Repository } from '../repository.ts';
import type { Line } from './ndjson.ts';

/** Some ten milliseconds of one transaction. */
const AT_ONCE = 100;
/** So often a batch is tried as a whole. */
const TOGETHER_MAX = 4;
/** Lines that name somebody who has not come yet: they are tried again at the end. */
const WAITING_MAX = 5_000;
const REFUSALS_MAX = 1_000;

export interface Imported {
  readonly counts: Readonly<
    Record<'received' | 'created' | 'updated' | 'unchanged' | 'refused', number>
  >;
  /** Patients whose id is none that a patient has here, and the id that they have now. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly refusals: readonly OperationOutcomeIssue[];
}

interface Waiting {
  readonly line: number;
  readonly act: Extract<Act, { kind: 'update' | 'create' }>;
}

export interface ImportingPorts {
  readonly repository: Repository;
  readonly baseUrl: string;
  readonly pause: () => Promise<void>;
}

export class Importing {
  readonly #caller: Pick<Caller, 'organisationId' | 'accountId'>;
  readonly #ports: ImportingPorts;
  readonly #counts = { received: 0, created: 0, updated: 0, unchanged: 0, refused: 0 };
  readonly #renamed = new Map<string, string>();
  readonly #refusals: OperationOutcomeIssue[] = [];
  #batch: Waiting[] = [];
  #waiting: Waiting[] = [];

  constructor(caller: Pick<Caller, 'organisationId' | 'accountId'>, ports: ImportingPorts) {
    this.#caller = caller;
    this.#ports = ports;
  }

  async add({ number, text }: Line): Promise<void> {
    this.#counts.received += 1;
    const given = readIncoming(text);
    const act = given.ok ? await this.#actOf(given.value) : given;
    if (!act.ok) this.#refuse(number, act.refusal);
    else if (act.value === undefined) this.#counts.unchanged += 1;
    else {
      // Two lines of one resource are two changes.
      const { value } = act;
      const isTwice = this.#batch.some(({ act: other }) => isSame(other, value));
      if (isTwice) await this.#perform();
      this.#batch.push({ line: number, act: value });
    }
    if (this.#batch.length >= AT_ONCE) await this.#perform();
  }

  async end(): Promise<Imported> {
    await this.#perform();
    // Who was waited for may have come in a later line.
    await this.#oneByOne(this.#waiting, true);
    return { counts: this.#counts, renamed: this.#renamed, refusals: this.#refusals };
  }

  /** Undefined: it is here, as it is. */
  async #actOf({ resource, hasPrecise }: Incoming): Promise<Answer<Waiting['act'] | undefined>> {
    const { resourceType: type, id } = resource;
    const { definitions } = await fhirKnowledge();
    if (!isKept(type, definitions.resourceTypes)) return NOT_KEPT;
    namedHere(resource, this.#ports.baseUrl);
    renameIn(resource, this.#renamed);
    if (id === undefined)
      return { ok: true, value: { kind: 'create', type, resource, hasPrecise } };
    if (!ID.test(id)) return BAD_ID;
    const own = type === PATIENT ? this.#patientId(resource, id) : id;
    const given = { ...resource, id: own } as Resource;
    const here = await this.#ports.repository.read(this.#caller.organisationId, { type, id: own });
    if (here.ok && bareText(here.value.text ?? '{}') === bareText(writePrecise(given, hasPrecise)))
      return { ok: true, value: undefined };
    if (here.ok && isOnlyAdded(type)) return MADE_ONCE;
    return { ok: true, value: { kind: 'update', type, id: own, resource: given, hasPrecise } };
  }

  /**
   * The same patient has the same id each time it is sent, and two sources that count their patients
   * from one do not become one record.
   */
  #patientId(resource: Resource, id: string): string {
    if (parseSubjectId(id) !== undefined) return id;
    const known = this.#renamed.get(`${PATIENT}/${id}`);
    if (known !== undefined) return known.slice(PATIENT.length + 1);
    const hash = this.#ports.repository.hashOf(this.#caller.organisationId);
    const text = `import ${id} ${bareText(JSON.stringify(resource))}`;
    const digits = [0, 1, 2].map((at) => hash(`${at} ${text}`).toString(16).padStart(13, '0'));
    const all = digits.join('');
    const made = `${all.slice(0, 8)}-${all.slice(8, 12)}-8${all.slice(12, 15)}-8${all.slice(15, 18)}-${all.slice(18, 30)}`;
    this.#renamed.set(`${PATIENT}/${id}`, `${PATIENT}/${made}`);
    return made;
  }

  /** A bad line is left out, and the rest is tried again; where there are many, each goes by itself. */
  async #perform(): Promise<void> {
    let rest = this.#batch;
    this.#batch = [];
    for (let tries = 0; rest.length > 0; tries++) {
      if (tries === TOGETHER_MAX) return await this.#oneByOne(rest, false);
      const acts = rest.map(({ act }) => act);
      const done = await this.#performed(acts);
      await this.#ports.pause();
      if (done.ok) {
        for (const { status } of done.value) this.#count(status);
        return;
      }
      const bad = rest[done.refusal.act ?? -1];
      if (bad === undefined) return await this.#oneByOne(rest, false);
      this.#putOff(bad, done.refusal, false);
      rest = rest.filter((one) => one !== bad);
    }
  }

  async #oneByOne(part: readonly Waiting[], isLast: boolean): Promise<void> {
    for (const one of part) {
      const done = await this.#performed([one.act]);
      if (!done.ok) this.#putOff(one, done.refusal, isLast);
      else for (const { status } of done.value) this.#count(status);
      await this.#ports.pause();
    }
  }

  #performed(acts: readonly Act[]): Promise<Answer<Done[]>> {
    const { organisationId, accountId: actor } = this.#caller;
    const { repository, baseUrl } = this.#ports;
    return repository.perform(organisationId, acts, { actor, baseUrl });
  }

  #count(status: number): void {
    this.#counts[status === 201 ? 'created' : 'updated'] += 1;
  }

  #putOff(one: Waiting, refusal: Refusal, isLast: boolean): void {
    const isOfNobody = refusal.issues.some(({ code }) => code === 'not-found');
    const hasRoom = this.#waiting.length < WAITING_MAX;
    if (!isLast && isOfNobody && hasRoom) this.#waiting.push(one);
    else this.#refuse(one.line, refusal);
  }

  #refuse(line: number, { issues }: Refusal): void {
    this.#counts.refused += 1;
    if (this.#refusals.length >= REFUSALS_MAX) return;
    for (const issue of issues) this.#refusals.push({ ...issue, diagnostics: `line ${line}` });
  }
}

const ID = /^[A-Za-z0-9.-]{1,64}$/;

const BAD_ID = refuse(422, {
  code: 'value',
  text: 'An id has 1 to 64 letters, digits, dots and dashes.',
  at: 'id',
});

const NOT_KEPT = refuse(422, {
  code: 'not-supported',
  text: 'There are no resources of this type here.',
  at: 'resourceType',
});

const MADE_ONCE = refuse(405, {
  code: 'not-supported',
  text: 'A resource of this type is made once, and is here already, as another.',
  at: 'resourceType',
});

function isSame(a: Waiting['act'], b: Waiting['act']): boolean {
  return a.kind === 'update' && b.kind === 'update' && a.type === b.type && a.id === b.id;
}

/** Without what the server adds: its version and its time. */
function bareText(text: string): string {
  const { value, hasPrecise } = parsePrecise(text);
  const { resourceType, id, meta, ...rest } = value as Resource & { meta?: object };
  const {
    versionId: _version,
    lastUpdated: _time,
    ...said
  } = (meta ?? {}) as Resource['meta'] & {};
  const own = Object.keys(said).length > 0 ? { meta: said } : {};
  return writePrecise({ resourceType, id, ...own, ...rest }, hasPrecise);
}

/** Patients that came under another id. */
function renameIn(value: unknown, renamed: ReadonlyMap<string, string>): void {
  if (typeof value !== 'object' || value === null || renamed.size === 0) return;
  const { reference } = value as { reference?: unknown };
  const now = typeof reference === 'string' ? renamed.get(reference) : undefined;
  if (now !== undefined) (value as { reference: string }).reference = now;
  for (const one of Object.values(value)) renameIn(one, renamed);
}
