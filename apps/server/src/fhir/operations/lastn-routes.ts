/** `Observation/$lastn` over HTTP. */
import { parseObservationQuery } from '@ausculta/fhir/observation-query';
import { referenceHere } from '@ausculta/fhir/reference';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Observation, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { seriesSeen } from '../../telemetry/series-seen.ts';
import { type Answer, outcomeOf, refuse, refuseFor } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { baseOf, bundleText, prefers, sendRefusal } from '../http-answer.ts';
import { type ObservationPorts, WITHOUT_READINGS } from '../observation-search.ts';
import { FHIR_ROUTE } from '../route-kind.ts';
import { unreadableIssues } from '../search-answer.ts';
import { TooWide } from '../search-session.ts';
import { queryOf } from '../write-routes.ts';
import { addDocuments, addReadings, LastGroups } from './lastn.ts';
import { ABOUT_THE_ANSWER, readAsked, wholeNumber } from './parameters.ts';

const MAX_MAX = 100;

export function lastnRoutes(app: FastifyInstance, ports: ObservationPorts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const given = readAsked(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const { texts } = given.value;
    const isStrict = prefers(request, 'handling=strict');
    const { organisationId } = callerOf(request);
    const baseUrl = baseOf(request);
    const asking = { organisationId, texts, isStrict, baseUrl };
    const answered = await lastOfEach(ports, { ...asking, isTold: () => true });
    if (!answered.ok) return await sendRefusal(reply, answered.refusal);
    const { documents, issues } = answered.value;
    // What was written into a body stays out of addresses.
    const asked = new URLSearchParams(queryOf(request.url));
    const link = [{ relation: 'self', url: `${baseUrl}/Observation/$lastn?${asked}` }];
    const entries = documents.map(({ type, id, text }) => ({
      text,
      beside: { fullUrl: `${baseUrl}/${type}/${id}`, search: { mode: 'match' } },
    }));
    const outcome = issues.map((issue) => ({
      text: JSON.stringify(outcomeOf([issue])),
      beside: { search: { mode: 'outcome' } },
    }));
    const bundle = { type: 'searchset', total: documents.length, link };
    return await reply.type(FHIR_JSON).send(bundleText(bundle, [...entries, ...outcome]));
  };
  app.get('/Observation/$lastn', FHIR_ROUTE, answer);
  app.post('/Observation/$lastn', FHIR_ROUTE, answer);
}

interface LastAsked {
  readonly organisationId: OrganisationId;
  readonly texts: URLSearchParams;
  readonly isStrict: boolean;
  readonly baseUrl: string;
  /** Of documents: what is not is as if it were not there. */
  readonly isTold: (observation: Observation) => boolean;
}

export interface Last {
  readonly documents: readonly FhirDocument[];
  readonly issues: readonly OperationOutcomeIssue[];
}

const OWN = ['max', '_count', ...ABOUT_THE_ANSWER];
const OF_PATIENT = /^(patient|subject)(:Patient)?$/;

export async function lastOfEach(
  { repository, index, registry, ...source }: ObservationPorts,
  { organisationId, texts, isStrict, baseUrl, isTold }: LastAsked,
): Promise<Answer<Last>> {
  const max = texts.has('max') ? wholeNumber(texts.get('max'), MAX_MAX) : 1;
  if (max === undefined) return MAX_INVALID;
  const filters = [...texts]
    .filter(([name]) => !OWN.includes(name))
    .map(([name, value]) => [name, referenceHere(value, baseUrl) ?? value] as const);
  if (!filters.some(([name]) => OF_PATIENT.test(name))) return PATIENT_MISSING;
  const query = await repository.parse('Observation', filters, { isStrict, baseUrl: undefined });
  if (!query.ok) return refuseFor(query.fault);
  const groups = new LastGroups(max);
  const issues: OperationOutcomeIssue[] = [];
  let isUnreadable = false;
  try {
    isUnreadable = await repository.look(organisationId, async (session) => {
      await addDocuments(session, { ...query.value, isTold }, groups);
      return session.unreadable > 0;
    });
  } catch (error) {
    if (!(error instanceof TooWide)) throw error;
    return refuseFor(fail('QUERY_TOO_WIDE', 'ask for fewer codes, or a shorter time').fault);
  }
  const known = filters.filter(([name]) => !query.value.ignored.includes(name));
  const asked = parseObservationQuery(known, { isLenient: false });
  if (!asked.ok) issues.push(WITHOUT_READINGS);
  else if (subjectOf(registry, organisationId, asked.value.subjectId) !== undefined) {
    const series = seriesSeen({ registry }, asked.value.subjectId);
    const metrics = new Set(series.map(({ metric }) => metric));
    const reading = { query: asked.value, metrics, max, source };
    if (await addReadings(reading, groups)) isUnreadable = true;
  }
  issues.push(...(await index.missingFrom(organisationId, ['Observation'])));
  if (query.value.ignored.length > 0) issues.push(PASSED_OVER);
  if (isUnreadable) issues.push(...unreadableIssues());
  return { ok: true, value: { documents: groups.newest(), issues } };
}

const MAX_INVALID = refuse(400, {
  code: 'value',
  text: `max is a whole number from 1 to ${MAX_MAX}.`,
});

const PATIENT_MISSING = refuse(400, {
  code: 'required',
  text: 'patient or subject says whose Observations are asked for.',
});

const PASSED_OVER: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'not-supported',
  details: { text: 'An unknown search parameter was passed over.' },
};
