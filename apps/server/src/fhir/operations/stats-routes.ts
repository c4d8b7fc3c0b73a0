/** `Observation/$stats` over HTTP. */
import { type Interval, readDate } from '@ausculta/fhir/date-range';
import type { Token } from '@ausculta/fhir/observation-query';
import { isStatistic, metricsMeantBy, toStatistics } from '@ausculta/fhir/observation-statistics';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Observation, Parameters } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, NOT_HERE, refuse, refuseFor } from '../answer.ts';
import { baseOf, sendRefusal } from '../http-answer.ts';
import type { ObservationPorts } from '../observation-search.ts';
import { FHIR_ROUTE } from '../route-kind.ts';
import { TooWide } from '../search-session.ts';
import {
  type OperationAsked,
  patientIn,
  readAsked,
  tokenOf,
  UNKNOWN_PARAMETER,
  unknownIn,
} from './parameters.ts';
import { Gathering, type StatsOf } from './stats.ts';

export interface StatsPorts extends ObservationPorts {
  readonly nowMs: () => number;
}

export function statsRoutes(app: FastifyInstance, ports: StatsPorts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const given = readAsked(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const asked = statsAsked(given.value, { baseUrl: baseOf(request), nowMs: ports.nowMs() });
    if (!asked.ok) return await sendRefusal(reply, asked.refusal);
    const { organisationId } = callerOf(request);
    const told = await statsOf(ports, organisationId, asked.value);
    if (!told.ok) return await sendRefusal(reply, told.refusal);
    const parameters: Parameters = {
      resourceType: 'Parameters',
      parameter: told.value.map((resource) => ({ name: 'statistics', resource })),
    };
    return await reply.type(FHIR_JSON).send(JSON.stringify(parameters));
  };
  app.get('/Observation/$stats', FHIR_ROUTE, answer);
  app.post('/Observation/$stats', FHIR_ROUTE, answer);
}

interface StatsAsked {
  readonly subjectId: SubjectId;
  readonly codes: readonly Token[];
  readonly period: Interval;
  readonly statistics: readonly string[];
}

const KNOWN = ['subject', 'code', 'system', 'coding', 'duration', 'period', 'statistic'];
const HOUR_MS = 3_600_000;
const CODES_MAX = 20;

function statsAsked(
  asked: OperationAsked,
  { baseUrl, nowMs }: { readonly baseUrl: string; readonly nowMs: number },
): Answer<StatsAsked> {
  const { texts } = asked;
  if (unknownIn(asked, KNOWN) !== undefined) return UNKNOWN_PARAMETER;
  const subjectId = patientIn(texts, baseUrl);
  if (subjectId === undefined) return SUBJECT_MISSING;
  const system = texts.get('system') ?? undefined;
  const codes = [
    ...texts.getAll('code').map((code) => tokenOf(code, system)),
    ...texts.getAll('coding').map((coding) => tokenOf(coding, undefined)),
  ];
  if (codes.length === 0 || codes.length > CODES_MAX) return CODE_MISSING;
  const statistics = [...new Set(texts.getAll('statistic').map((one) => tokenOf(one).code ?? ''))];
  if (statistics.length === 0 || !statistics.every(isStatistic)) return STATISTIC_UNKNOWN;
  const period = periodOf(asked, nowMs);
  if (period === undefined) return PERIOD_MISSING;
  return { ok: true, value: { subjectId, codes, period, statistics } };
}

/** The last so many hours, or a period of which both ends are said. */
function periodOf({ texts, parts }: OperationAsked, nowMs: number): Interval | undefined {
  const duration = texts.get('duration');
  if (duration !== null) {
    const hours = /^\d{1,6}(\.\d{1,6})?$/.test(duration) ? Number(duration) : 0;
    return hours > 0
      ? { fromMs: nowMs - Math.round(hours * HOUR_MS), untilMs: nowMs + 1 }
      : undefined;
  }
  const period = parts.find(({ name }) => name === 'period')?.valuePeriod;
  const start = readDate(period?.start ?? '');
  const end = period?.end === undefined ? { untilMs: nowMs + 1 } : readDate(period.end);
  if (start === undefined || end === undefined || end.untilMs <= start.fromMs) return undefined;
  return { fromMs: start.fromMs, untilMs: end.untilMs };
}

async function statsOf(
  ports: StatsPorts,
  organisationId: OrganisationId,
  { subjectId, codes, period, statistics }: StatsAsked,
): Promise<Answer<Observation[]>> {
  if (subjectOf(ports.registry, organisationId, subjectId) === undefined) return NOT_HERE;
  const told: Observation[] = [];
  for (const token of codes) {
    const metrics = metricsMeantBy(token);
    const [metric] = metrics;
    const isOne = metric !== undefined && metrics.every(({ vital }) => vital === metric.vital);
    if (!isOne || metrics.some(({ unit }) => unit !== metric.unit)) return CODE_UNKNOWN;
    const of = { subjectIds: [subjectId], metrics, period };
    const gathered = await gather(ports, organisationId, of);
    if (!gathered.ok) return gathered;
    const { system, code = '' } = token;
    const coding = [{ ...(system !== undefined && { system }), code }];
    const own = { subjectId, metric, period, statistics, code: { coding, text: metric.label } };
    told.push(toStatistics({ ...own, ...gathered.value.told() }));
  }
  return { ok: true, value: told };
}

/** What was measured of one person in a time, by devices and in documents. */
export async function gather(
  { repository, telemetry }: StatsPorts,
  organisationId: OrganisationId,
  of: StatsOf,
): Promise<Answer<Gathering>> {
  const { subjectIds, metrics, period } = of;
  const codes = metrics.flatMap(({ loinc, mdc }) => [...loinc, ...mdc.map(({ code }) => code)]);
  const filters: [string, string][] = [
    ['subject', subjectIds.map((id) => `Patient/${id}`).join(',')],
    ['combo-code', [...new Set(codes.map(String))].join(',')],
    ['date', `ge${new Date(period.fromMs).toISOString()}`],
    ['date', `lt${new Date(period.untilMs).toISOString()}`],
  ];
  const asking = { isStrict: true, baseUrl: undefined };
  const query = await repository.parse('Observation', filters, asking);
  if (!query.ok) return refuseFor(query.fault);
  const gathering = new Gathering(of);
  try {
    await gathering.addReadings(telemetry);
    await repository.look(organisationId, (session) =>
      gathering.addDocuments(session, query.value),
    );
  } catch (error) {
    if (!(error instanceof TooWide)) throw error;
    return refuseFor(fail('QUERY_TOO_WIDE', 'ask for less time').fault);
  }
  return { ok: true, value: gathering };
}

const SUBJECT_MISSING = refuse(400, {
  code: 'required',
  text: 'subject says whose Observations are asked for: Patient/{id}.',
});

const CODE_MISSING = refuse(400, {
  code: 'required',
  text: `code with its system, or coding, says what was measured: up to ${CODES_MAX} of them.`,
});

const CODE_UNKNOWN = refuse(422, {
  code: 'not-supported',
  text: 'A code names no number that is measured here, or several: of a panel ask for its components.',
});

const STATISTIC_UNKNOWN = refuse(400, {
  code: 'not-supported',
  text: 'statistic is one of those of R4 but skew, kurtosis and regression; at least one is asked for.',
});

const PERIOD_MISSING = refuse(400, {
  code: 'required',
  text: 'duration, in hours up to now, or a period with its start says of which time.',
});
