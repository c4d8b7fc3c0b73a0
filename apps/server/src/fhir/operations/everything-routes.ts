/** The pages of `Patient/[id]/$everything` over HTTP. */
import { correctionsIn } from '@ausculta/fhir/coincident-time';
import type { ToldObservation } from '@ausculta/fhir/observation-text';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, NOT_HERE, outcomeOf, refuseFor } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { baseOf, bundleText, searchBeside, sendRefusal } from '../http-answer.ts';
import { fhirKnowledge } from '../knowledge.ts';
import type { ObservationPorts } from '../observation-search.ts';
import { PATIENT } from '../patients.ts';
import { documentOfReading, readingsPage } from '../reading-pages.ts';
import { FHIR_ROUTE, type OfInstance } from '../route-kind.ts';
import { unreadableIssues } from '../search-answer.ts';
import { TooWide } from '../search-session.ts';
import {
  cursorOf,
  type EverythingAsked,
  type RecordCursor,
  readEverything,
  recordPage,
  SINCE_MEASURED,
} from './everything.ts';
import { readAsked } from './parameters.ts';

export function everythingRoutes(app: FastifyInstance, ports: ObservationPorts): void {
  const answer = (request: FastifyRequest<OfInstance>, reply: FastifyReply) =>
    answerEverything(ports, request, reply);
  app.get<OfInstance>('/Patient/:id/$everything', FHIR_ROUTE, answer);
  app.post<OfInstance>('/Patient/:id/$everything', FHIR_ROUTE, answer);
}

async function answerEverything(
  ports: ObservationPorts,
  request: FastifyRequest<OfInstance>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { organisationId } = callerOf(request);
  const { id } = request.params;
  const given = readAsked(request);
  if (!given.ok) return await sendRefusal(reply, given.refusal);
  const patient = await ports.repository.read(organisationId, { type: PATIENT, id });
  if (!patient.ok) return await sendRefusal(reply, patient.refusal);
  const subject = subjectOf(ports.registry, organisationId, id);
  if (subject === undefined) return await sendRefusal(reply, NOT_HERE.refusal);
  const { resourceTypes } = (await fhirKnowledge()).definitions;
  const asked = readEverything(given.value, subject.id, resourceTypes);
  if (!asked.ok) return await sendRefusal(reply, asked.refusal);
  const isFirst = !given.value.texts.has('_cursor');
  const isAsked = isFirst && (asked.value.types?.has(PATIENT) ?? true);
  const behind = ports.repository.behind(subject.id);
  const answered = await pageOf(ports, organisationId, { ...asked.value, behind }).catch(tooWide);
  if (!answered.ok) return await sendRefusal(reply, answered.refusal);
  const page = answered.value;
  const self = new URL(`${baseOf(request)}/${PATIENT}/${subject.id}/$everything`);
  self.search = given.value.texts.toString();
  const issues = page.isUnreadable ? [...unreadableIssues()] : [];
  if (isFirst && asked.value.sinceMs !== undefined) issues.push(SINCE_MEASURED);
  const found = isAsked ? [patient.value, ...page.found] : page.found;
  const text = bundleOf(request, self, { ...page, found, issues });
  return await reply.type(FHIR_JSON).send(text);
}

function tooWide(error: unknown): Extract<Answer<never>, { ok: false }> {
  if (!(error instanceof TooWide)) throw error;
  return refuseFor(fail('QUERY_TOO_WIDE', 'ask for fewer at once, with _count').fault);
}

interface RecordPage {
  readonly found: readonly FhirDocument[];
  readonly included: readonly FhirDocument[];
  readonly next: RecordCursor | undefined;
  readonly isUnreadable: boolean;
}

/** Documents while there are any; what room is left on their last page is for readings. */
async function pageOf(
  { repository, ...source }: ObservationPorts,
  organisationId: OrganisationId,
  asked: EverythingAsked,
): Promise<Answer<RecordPage>> {
  const { cursor, count, types } = asked;
  const changed =
    asked.sinceMs === undefined ? {} : { changedUntilMs: await repository.settled(organisationId) };
  const stored =
    'doc' in cursor
      ? await repository.look(organisationId, (session, knowledge) =>
          recordPage(session, knowledge, { ...asked, ...changed, cursor }),
        )
      : NO_DOCUMENTS;
  const { found, included, after, isUnreadable } = stored;
  const page = { found, included, isUnreadable };
  const ending = (next: RecordCursor | undefined): Answer<RecordPage> => {
    return { ok: true, value: { ...page, next } };
  };
  if (after !== undefined) return ending({ doc: after });
  if (types?.has('Observation') === false) return ending(undefined);
  // A full page of documents says nothing of the readings: the next one begins with them.
  if (found.length === count) return ending(FIRST_READING);
  const start = 'atMs' in cursor ? cursor : undefined;
  const query = { ...queryOf(asked), count: count - found.length, page: start };
  const readings = await readingsPage(query, source);
  const clocks = await clocksOf(repository, organisationId, readings.resources);
  return {
    ok: true,
    value: {
      found: [
        ...found,
        ...readings.resources.map((one) => documentOfReading(one, asked.subjectId)),
      ],
      included: [...included, ...clocks],
      next: readings.next,
      isUnreadable: isUnreadable || readings.isUnreadable,
    },
  };
}

/** What the clocks of personal devices showed that were corrected for these readings. */
async function clocksOf(
  repository: ObservationPorts['repository'],
  organisationId: OrganisationId,
  readings: readonly ToldObservation[],
): Promise<FhirDocument[]> {
  const ids = new Set(readings.flatMap(({ text }) => correctionsIn(text)));
  if (ids.size === 0) return [];
  return await repository.look(organisationId, async (session) =>
    [...ids].flatMap((id) => session.told({ type: 'Observation', id }) ?? []),
  );
}

const NO_DOCUMENTS = { found: [], included: [], after: undefined, isUnreadable: false } as const;

/** Before all times that a date can name. */
const FIRST_READING = { atMs: -8.64e15, skip: 0 } as const;

function queryOf({ subjectId, fromMs, untilMs, sinceMs }: EverythingAsked) {
  const from = Math.max(fromMs, sinceMs ?? Number.NEGATIVE_INFINITY);
  return {
    ...{ subjectId, codes: [], categories: [], ignored: [], newestFirst: false },
    interval: { fromMs: from, untilMs },
  };
}

type Told = RecordPage & { readonly issues: readonly OperationOutcomeIssue[] };

function bundleOf(
  request: FastifyRequest,
  self: URL,
  { found, included, next, issues }: Told,
): string {
  const link = [{ relation: 'self', url: self.href }];
  if (next !== undefined) {
    const url = new URL(self);
    url.searchParams.set('_cursor', cursorOf(next));
    link.push({ relation: 'next', url: url.href });
  }
  const base = baseOf(request);
  const as = (mode: 'match' | 'include') => (one: FhirDocument) => ({
    text: one.text,
    beside: searchBeside(`${base}/${one.type}/${one.id}`, mode),
  });
  const outcome = issues.length === 0 ? [] : [JSON.stringify(outcomeOf(issues))];
  return bundleText({ type: 'searchset', link }, [
    ...found.map(as('match')),
    ...included.map(as('include')),
    ...outcome.map((text) => ({ text, beside: { search: { mode: 'outcome' } } })),
  ]);
}
