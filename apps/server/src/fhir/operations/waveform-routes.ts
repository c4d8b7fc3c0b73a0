/** `Observation/$waveform` over HTTP: a window of waveforms as Observations with SampledData. */
import { type UnreadablePart, WAVEFORM_QUERY_MAX_MS } from '@ausculta/contract/readings';
import { readDate } from '@ausculta/fhir/date-range';
import { metricsMeantBy } from '@ausculta/fhir/observation-statistics';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, NOT_HERE, outcomeOf, refuse } from '../answer.ts';
import { baseOf, bundleText, sendRefusal } from '../http-answer.ts';
import type { ObservationPorts } from '../observation-search.ts';
import { FHIR_ROUTE } from '../route-kind.ts';
import { unreadableIssues } from '../search-answer.ts';
import { type WaveformAsked, waveformObservations } from '../waveforms.ts';
import {
  type OperationAsked,
  patientIn,
  readAsked,
  tokenOf,
  UNKNOWN_PARAMETER,
  unknownIn,
} from './parameters.ts';

export function waveformRoutes(app: FastifyInstance, ports: ObservationPorts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const given = readAsked(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const baseUrl = baseOf(request);
    const asked = waveformAsked(given.value, baseUrl);
    if (!asked.ok) return await sendRefusal(reply, asked.refusal);
    const { subjectId } = asked.value;
    if (subjectOf(ports.registry, callerOf(request).organisationId, subjectId) === undefined)
      return await sendRefusal(reply, NOT_HERE.refusal);
    const unreadable: UnreadablePart[] = [];
    const told = await waveformObservations(ports, asked.value, unreadable);
    if (told === undefined) return await sendRefusal(reply, TOO_MUCH.refusal);
    const entries = told.map((one) => ({
      text: JSON.stringify(one),
      beside: { fullUrl: `${baseUrl}/Observation/${one.id}`, search: { mode: 'match' } },
    }));
    const issues = unreadable.length > 0 ? [outcomeOf([...unreadableIssues()])] : [];
    const outcomes = issues.map((outcome) => ({
      text: JSON.stringify(outcome),
      beside: { search: { mode: 'outcome' } },
    }));
    const bundle = bundleText({ type: 'searchset', total: told.length }, [...entries, ...outcomes]);
    return await reply.type(FHIR_JSON).send(bundle);
  };
  app.get('/Observation/$waveform', FHIR_ROUTE, answer);
  app.post('/Observation/$waveform', FHIR_ROUTE, answer);
}

const KNOWN = ['patient', 'subject', 'code', 'start', 'end', 'period'];

function waveformAsked(asked: OperationAsked, baseUrl: string): Answer<WaveformAsked> {
  const { texts } = asked;
  if (unknownIn(asked, KNOWN) !== undefined) return UNKNOWN_PARAMETER;
  const subjectId = patientIn(texts, baseUrl);
  if (subjectId === undefined) return SUBJECT_MISSING;
  const metrics = texts.getAll('code').flatMap((one) => metricsMeantBy(tokenOf(one), 'waveform'));
  if (metrics.length === 0) return CODE_UNKNOWN;
  const start = readDate(texts.get('start') ?? '');
  const end = readDate(texts.get('end') ?? '');
  const spanMs = start && end && end.fromMs - start.fromMs;
  if (spanMs === undefined || spanMs <= 0 || spanMs > WAVEFORM_QUERY_MAX_MS) return SPAN_INVALID;
  const period = texts.get('period');
  const periodMs = period === null ? undefined : Number(period);
  const isPeriod = period === null || /^\d{1,6}(\.\d{1,6})?$/.test(period);
  if (!isPeriod || periodMs === 0) return PERIOD_INVALID;
  const span = { fromMs: start?.fromMs ?? 0, untilMs: end?.fromMs ?? 0 };
  return { ok: true, value: { subjectId, metrics, ...span, periodMs } };
}

const SUBJECT_MISSING = refuse(400, {
  code: 'required',
  text: 'patient says whose waveforms are asked for: Patient/{id}.',
});

const CODE_UNKNOWN = refuse(422, {
  code: 'not-supported',
  text: 'code names no waveform that is measured here.',
});

const SPAN_INVALID = refuse(400, {
  code: 'value',
  text: `start and end are instants, in this order, at most ${WAVEFORM_QUERY_MAX_MS / 1_000} s apart.`,
});

const PERIOD_INVALID = refuse(400, {
  code: 'value',
  text: 'period is a number of milliseconds from one value to the next.',
});

const TOO_MUCH = refuse(422, {
  code: 'too-costly',
  text: 'That is more than a million values: ask for less time, fewer codes or a longer period.',
});
