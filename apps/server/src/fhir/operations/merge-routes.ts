/**
 * `Patient/$merge` and `$unmerge`: two records of one person, by FHIR (the draft of R6, in Parameters of
 * R4). They are the platform's own merge: what devices have measured moves to the record that goes on, what
 * was written stays as it is and is found under both, and taking them apart gives back what was.
 */
import type { Result } from '@ausculta/vitals/fault';
import type { OperationOutcomeIssue, Parameters, Patient } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Viewer } from '../../access/viewer.ts';
import { viewAsPlatform } from '../../database/viewing.ts';
import type { RegisteredSubject, Registry } from '../../devices/registry.ts';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf, refusalOf, viewerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import type { Caller } from '../../people/sign-in.ts';
import { type Answer, NOT_HERE, outcomeOf, refuse, refuseFor } from '../answer.ts';
import { baseOf, sendRefusal } from '../http-answer.ts';
import { PATIENT } from '../patients.ts';
import type { Repository } from '../repository.ts';
import { MERGE_ROUTE } from '../route-kind.ts';
import { type MergeAsked, type NamedPatient, readMerge } from './merge-asked.ts';
import { readAsked } from './parameters.ts';

interface Pair {
  readonly old: RegisteredSubject;
  readonly kept: RegisteredSubject;
}

export interface MergePorts {
  readonly repository: Repository;
  readonly registry: Registry;
  readonly admissions: {
    readonly desk: {
      whyNotMerged(pair: Pair): Result<void>;
      merge(who: Caller, pair: Pair, atMs: number): Promise<Result<void>>;
      unmerge(who: Caller, old: RegisteredSubject, atMs: number): Promise<Result<void>>;
    };
    readonly census: {
      recordsOf(id: RegisteredSubject['id']): {
        readonly into: RegisteredSubject['id'] | undefined;
      };
    };
  };
  readonly nowMs: () => number;
}

export function mergeRoutes(app: FastifyInstance, ports: MergePorts): void {
  for (const [path, act] of [
    ['/Patient/$merge', merge],
    ['/Patient/$unmerge', unmerge],
  ] as const)
    app.post(path, MERGE_ROUTE, async (request, reply) => {
      const given = readAsked(request);
      if (!given.ok) return await sendRefusal(reply, given.refusal);
      const asked = readMerge(given.value, baseOf(request));
      if (!asked.ok) return await sendRefusal(reply, asked.refusal);
      const done = await act(ports, request, { ...asked.value, ...given.value });
      if (!done.ok) return await sendRefusal(reply, done.refusal);
      return await tell(reply, asked.value, done.value);
    });
}

interface Done {
  readonly told: string;
  /** The record that goes on, in JSON; undefined where there is none. */
  readonly result: string | undefined;
}

type Asking = MergeAsked & { readonly hasPrecise: boolean };

async function merge(
  ports: MergePorts,
  request: FastifyRequest,
  { source, target, isPreview, result, hasPrecise }: Asking,
): Promise<Answer<Done>> {
  const { repository, admissions, nowMs } = ports;
  const who = callerOf(request);
  const viewer = viewerOf(request);
  if (target === undefined) return NO_TARGET;
  const old = await subjectNamed(ports, { viewer, named: source });
  if (!old.ok) return old;
  const kept = await subjectNamed(ports, { viewer, named: target });
  if (!kept.ok) return kept;
  if (old.value === kept.value) return ONE_RECORD;
  const pair = { old: old.value, kept: kept.value };
  const { id } = pair.kept;
  if (result !== undefined && result.id !== id) return OTHER_RESULT;
  // Said again, its answer was lost: the merge itself says so.
  if (admissions.census.recordsOf(pair.old.id).into !== id) {
    const may = admissions.desk.whyNotMerged(pair);
    if (!may.ok) return refuseFor(may.fault);
  }
  if (isPreview) {
    const now = await repository.read(who.organisationId, { type: PATIENT, id });
    const text = result === undefined ? now.ok && now.value.text : JSON.stringify(result);
    return { ok: true, value: { told: PREVIEWED, result: text || undefined } };
  }
  if (result !== undefined) {
    const act = { kind: 'update', type: PATIENT, id, resource: result, hasPrecise } as const;
    const asker = { actor: who.accountId, baseUrl: baseOf(request) };
    const written = await repository.perform(who.organisationId, [act], asker);
    if (!written.ok) return written;
  }
  // Whoever said what the record is to say has changed who it is.
  const now = subjectOf(ports.registry, who.organisationId, id) ?? pair.kept;
  const merged = await viewAsPlatform(() =>
    admissions.desk.merge(who, { ...pair, kept: now }, nowMs()),
  );
  return merged.ok ? await told(ports, who, { id, told: MERGED }) : refuseFor(merged.fault);
}

async function unmerge(
  ports: MergePorts,
  request: FastifyRequest,
  { source, target, isPreview, result }: Asking,
): Promise<Answer<Done>> {
  const who = callerOf(request);
  const viewer = viewerOf(request);
  if (isPreview || result !== undefined) return NOTHING_TO_SAY;
  const old = await subjectNamed(ports, { viewer, named: source });
  if (!old.ok) return old;
  const { into } = ports.admissions.census.recordsOf(old.value.id);
  if (target !== undefined) {
    const kept = await subjectNamed(ports, { viewer, named: target });
    if (!kept.ok) return kept;
    if (kept.value.id !== into) return NOT_MERGED;
  }
  const apart = await viewAsPlatform(() =>
    ports.admissions.desk.unmerge(who, old.value, ports.nowMs()),
  );
  if (!apart.ok) return apart.fault.code === 'NOT_FOUND' ? NOT_MERGED : refuseFor(apart.fault);
  return await told(ports, who, { id: into, told: APART });
}

async function told(
  { repository }: MergePorts,
  { organisationId }: Caller,
  { id, told: text }: { readonly id: string | undefined; readonly told: string },
): Promise<Answer<Done>> {
  // Erased since: there is none that goes on.
  if (id === undefined) return { ok: true, value: { told: text, result: undefined } };
  const now = await repository.read(organisationId, { type: PATIENT, id });
  return { ok: true, value: { told: text, result: now.ok ? now.value.text : undefined } };
}

/** Of this organisation; an identifier is looked for as a search would. */
async function subjectNamed(
  { repository, registry }: MergePorts,
  { viewer, named }: { readonly viewer: Viewer; readonly named: NamedPatient },
): Promise<Answer<RegisteredSubject>> {
  let id = 'id' in named ? named.id : undefined;
  const { organisationId } = viewer.asker;
  if ('identifiers' in named) {
    const asked = named.identifiers.map(([system, value]) => {
      const token = system === '' ? escaped(value) : `${escaped(system)}|${escaped(value)}`;
      return ['identifier', token] as const;
    });
    const query = await repository.parse(PATIENT, asked, { isStrict: true, baseUrl: undefined });
    if (!query.ok) return refuseFor(query.fault);
    const found = await repository.search(organisationId, { ...query.value, count: 2 });
    if (!found.ok) return refuseFor(found.fault);
    if (found.value.matches.length > 1) return SEVERAL;
    id = found.value.matches[0]?.id;
  }
  const read =
    id === undefined ? NOT_HERE : await repository.read(organisationId, { type: PATIENT, id });
  if (!read.ok) return read;
  const subject = subjectOf(registry, organisationId, read.value.id);
  if (subject === undefined) return NOT_HERE;
  const decision = viewer.decide({
    action: 'change',
    dataClass: 'identity',
    subjectId: subject.id,
  });
  return decision.isPermitted ? { ok: true, value: subject } : refuseFor(refusalOf(decision));
}

/** A comma, a bar and a dollar mean something in a search. */
const escaped = (text: string): string => text.replace(/[\\,|$]/g, (sign) => `\\${sign}`);

async function tell(
  reply: FastifyReply,
  { input }: MergeAsked,
  { told: text, result }: Done,
): Promise<FastifyReply> {
  const issue: OperationOutcomeIssue = {
    ...{ severity: 'information', code: 'informational', details: { text } },
  };
  const parameters: Parameters = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'input', resource: input },
      { name: 'outcome', resource: outcomeOf([issue]) },
      ...(result === undefined
        ? []
        : [{ name: 'result', resource: JSON.parse(result) as Patient }]),
    ],
  };
  return await reply.type(FHIR_JSON).send(parameters);
}

const PREVIEWED = 'Nothing was done: the two may be merged.';
const MERGED = 'The records are one.';
const APART = 'The records are two again.';

const NO_TARGET = refuse(400, {
  code: 'required',
  text: 'target-patient says which record goes on.',
});

const ONE_RECORD = refuse(422, {
  code: 'business-rule',
  text: 'source-patient and target-patient are the same record.',
});

const OTHER_RESULT = refuse(422, {
  code: 'business-rule',
  text: 'result-patient is the target: it has its id.',
  at: 'Patient.id',
});

const NOTHING_TO_SAY = refuse(400, {
  code: 'not-supported',
  text: '$unmerge has source-patient and perhaps target-patient: nothing else is said.',
});

const NOT_MERGED = refuse(422, {
  code: 'business-rule',
  text: 'source-patient was not merged into this record.',
});

const SEVERAL = refuse(412, {
  code: 'multiple-matches',
  text: 'Several patients have these identifiers: name one by a reference.',
});
