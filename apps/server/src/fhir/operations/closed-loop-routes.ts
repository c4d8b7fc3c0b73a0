/** `Observation/[id]/$closed-loop`: one value, and all that is written down of what came of it. */
import { codingsOf } from '@ausculta/fhir/observation';
import { toStatistics } from '@ausculta/fhir/observation-statistics';
import { watchedObservation } from '@ausculta/fhir/watched-observation';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import { metricsOfVital } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { Observation, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import type { AlarmFlags } from '../alarm-flags.ts';
import { type Answer, outcomeOf, refuse } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { baseOf, bundleText, type EntryText, sendRefusal } from '../http-answer.ts';
import type { IndexState } from '../index-state.ts';
import { FHIR_ROUTE, type OfInstance } from '../route-kind.ts';
import { unreadableIssues } from '../search-answer.ts';
import { ALARMS_MAX, followed, type Loop } from './closed-loop.ts';
import { readAsked, UNKNOWN_PARAMETER, unknownIn, wholeNumber } from './parameters.ts';
import { gather, type StatsPorts } from './stats-routes.ts';
import type { SummaryPorts } from './summary-routes.ts';

export interface LoopPorts extends StatsPorts, Pick<SummaryPorts, 'otherRecordsOf' | 'newId'> {
  readonly alarmFlags: AlarmFlags;
  readonly index: Pick<IndexState, 'missingFrom'>;
}

/** The types among which it looks for what came of a value. */
const STEPS = ['Task', 'Provenance', 'CarePlan'];

const DAYS_DEFAULT = 30;
const DAYS_MAX = 90;
const DAY_MS = 86_400_000;

export function closedLoopRoutes(app: FastifyInstance, ports: LoopPorts): void {
  const answer = async (
    request: FastifyRequest<OfInstance>,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const told = await loopOf(ports, request);
    if (!told.ok) return await sendRefusal(reply, told.refusal);
    return await reply.type(FHIR_JSON).send(told.value);
  };
  app.get<OfInstance>('/Observation/:id/$closed-loop', FHIR_ROUTE, answer);
  app.post<OfInstance>('/Observation/:id/$closed-loop', FHIR_ROUTE, answer);
}

/** The value that is asked of. */
interface Start {
  readonly document: FhirDocument;
  readonly subjectId: SubjectId;
  readonly metrics: readonly Metric[];
  /** Undefined where nobody has said when it was. */
  readonly atMs: number | undefined;
}

async function loopOf(
  ports: LoopPorts,
  request: FastifyRequest<OfInstance>,
): Promise<Answer<string>> {
  const given = readAsked(request);
  if (!given.ok) return given;
  const { texts } = given.value;
  if (unknownIn(given.value, ['days']) !== undefined) return UNKNOWN_PARAMETER;
  const days = texts.has('days') ? wholeNumber(texts.get('days'), DAYS_MAX) : DAYS_DEFAULT;
  if (days === undefined) return DAYS_WRONG;
  const { organisationId } = callerOf(request);
  const { id } = request.params;
  const read = await ports.repository.read(organisationId, { type: 'Observation', id });
  if (!read.ok) return read;
  const start = startOf(ports, organisationId, read.value);
  if (start === undefined) return OF_NO_PATIENT;
  const { document, subjectId, metrics, atMs } = start;
  const subjectIds = [subjectId, ...ports.otherRecordsOf(organisationId, subjectId)];
  const keys = metrics.flatMap(({ vital }) => metricsOfVital(vital)).map(({ key }) => key);
  const opener = `Observation/${document.id}`;
  const about = { subjectIds, metrics: keys, limit: ALARMS_MAX, opener };
  const alarms =
    atMs === undefined ? [] : await ports.alarmFlags.about(organisationId, { ...about, atMs });
  const baseUrl = baseOf(request);
  const loop = await followed(ports.repository, {
    ...{ organisationId, baseUrl, observation: document, alarms, subjectIds },
    sinceMs: atMs ?? 0,
  });
  if (!loop.ok) return loop;
  const outcome = await outcomeOfLoop(ports, organisationId, {
    ...{ start, subjectIds, days, loop: loop.value },
  });
  const missing = await ports.index.missingFrom(organisationId, STEPS);
  const issues = [...issuesOf(loop.value, alarms.length), ...missing, ...outcome.issues];
  const { tasks, provenances, revisions } = loop.value;
  const told = [document, ...alarms.map((one) => one.document), ...tasks, ...provenances];
  const entries = [...told, ...revisions].map((one): EntryText => {
    return { text: one.text, beside: { fullUrl: `${baseUrl}/${one.type}/${one.id}` } };
  });
  const made = [...outcome.told, ...(issues.length === 0 ? [] : [outcomeOf(issues)])];
  const others = made.map((resource): EntryText => {
    const beside = { fullUrl: `urn:uuid:${ports.newId()}` };
    return { text: JSON.stringify(resource), beside };
  });
  const timestamp = new Date(ports.nowMs()).toISOString();
  return {
    ok: true,
    value: bundleText({ type: 'collection', timestamp }, [...entries, ...others]),
  };
}

function startOf(
  { registry }: LoopPorts,
  organisationId: Parameters<typeof subjectOf>[1],
  document: FhirDocument,
): Start | undefined {
  const observation = JSON.parse(document.text ?? '') as Observation;
  const { readings = [], time } = watchedObservation(observation) ?? {};
  const [, id = ''] = /(?:^|\/)Patient\/([^/]+)/.exec(observation.subject?.reference ?? '') ?? [];
  const subjectId = parseSubjectId(id);
  if (subjectId === undefined || subjectOf(registry, organisationId, id) === undefined)
    return undefined;
  const metrics = [...new Set(readings.map(({ metric }) => metric))];
  return { document, subjectId, metrics, atMs: time?.fromMs };
}

interface OutcomeAsked {
  readonly start: Start;
  /** The records of the patient: after a merge what devices have measured is in one, and what was written in each. */
  readonly subjectIds: readonly SubjectId[];
  readonly days: number;
  readonly loop: Loop;
}

interface Outcome {
  readonly told: readonly Observation[];
  readonly issues: readonly OperationOutcomeIssue[];
}

/** Figures of the same metrics, up to the first revision and from it on: each says on which plan it is based. */
async function outcomeOfLoop(
  ports: LoopPorts,
  organisationId: Parameters<typeof gather>[1],
  { start: { subjectId, metrics }, subjectIds, days, loop: { revisions } }: OutcomeAsked,
): Promise<Outcome> {
  const [first] = revisions;
  if (first?.updatedMs === undefined) return { told: [], issues: [NO_REVISION] };
  const changedMs = first.updatedMs;
  const endMs = Math.max(changedMs + 1, Math.min(changedMs + days * DAY_MS, ports.nowMs() + 1));
  const periods = [
    { fromMs: changedMs - days * DAY_MS, untilMs: changedMs },
    { fromMs: changedMs, untilMs: endMs },
  ];
  const basedOn = [{ reference: `CarePlan/${first.id}/_history/${first.versionId}` }];
  const told: Observation[] = [];
  for (const metric of metrics) {
    for (const period of periods) {
      const gathered = await gather(ports, organisationId, {
        ...{ subjectIds, metrics: [metric], period },
      });
      if (!gathered.ok) return { told, issues: gathered.refusal.issues };
      const code = { coding: codingsOf(metric), text: metric.label };
      const own = { subjectId, metric, period, statistics: STATISTICS, code };
      told.push({ ...toStatistics({ ...own, ...gathered.value.told() }), basedOn });
    }
  }
  return { told, issues: [] };
}

const STATISTICS = ['count', 'average', 'minimum', 'maximum', 'median'] as const;

function issuesOf(
  { isCut, isUnreadable, isUnversioned }: Loop,
  alarms: number,
): OperationOutcomeIssue[] {
  return [
    ...(isCut || alarms === ALARMS_MAX ? [CUT] : []),
    ...(isUnversioned ? [UNVERSIONED] : []),
    ...(isUnreadable ? unreadableIssues() : []),
  ];
}

const issue = (
  severity: 'information' | 'warning',
  code: 'informational' | 'incomplete',
  text: string,
) => ({
  ...{ severity, code, details: { text } },
});

const CUT = issue(
  'warning',
  'incomplete',
  'There is more than one answer tells: search for the rest.',
);
const UNVERSIONED = issue(
  'information',
  'informational',
  'A link names a plan without its version: it is told as it is now.',
);
const NO_REVISION = issue(
  'information',
  'informational',
  'Nothing that is written down leads from it to a revision of a plan.',
);

const DAYS_WRONG = refuse(400, {
  code: 'value',
  text: `days is a whole number from 1 to ${DAYS_MAX}: as long before a revision as after it.`,
});

const OF_NO_PATIENT = refuse(422, {
  code: 'business-rule',
  text: 'The Observation is of no patient here.',
  at: 'Observation.subject',
});
