/** `Patient/[id]/$summary`: the International Patient Summary of what is recorded, as one document. */
import { IPS_BUNDLE, patientSummary, SUMMARISED_TYPES } from '@ausculta/fhir/patient-summary';
import { isObserved, type Summarised } from '@ausculta/fhir/summary-sections';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectOf } from '../../devices/routes.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, NOT_HERE, refuse, refuseFor } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { baseOf, bundleText, sendRefusal } from '../http-answer.ts';
import type { ObservationPorts } from '../observation-search.ts';
import type { Fhir } from '../open-fhir.ts';
import { PATIENT } from '../patients.ts';
import { withDocuments } from '../record-store.ts';
import { FHIR_ROUTE, type OfInstance } from '../route-kind.ts';
import { TooWide } from '../search-session.ts';
import { recordPage } from './everything.ts';
import { type Last, lastOfEach } from './lastn-routes.ts';
import { readAsked, UNKNOWN_PARAMETER, unknownIn } from './parameters.ts';

export interface SummaryPorts extends ObservationPorts, Pick<Fhir, 'otherRecordsOf'> {
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** A longer record is no summary; what is left out of it nobody would miss. */
const DOCUMENTS_MAX = 2_000;

export function summaryRoutes(app: FastifyInstance, ports: SummaryPorts): void {
  const answer = async (
    request: FastifyRequest<OfInstance>,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const told = await summaryOf(ports, request);
    if (!told.ok) return await sendRefusal(reply, told.refusal);
    return await reply.type(FHIR_JSON).send(told.value);
  };
  app.get<OfInstance>('/Patient/:id/$summary', FHIR_ROUTE, answer);
  app.post<OfInstance>('/Patient/:id/$summary', FHIR_ROUTE, answer);
}

async function summaryOf(
  ports: SummaryPorts,
  request: FastifyRequest<OfInstance>,
): Promise<Answer<string>> {
  const { organisationId } = callerOf(request);
  const { id } = request.params;
  const given = readAsked(request);
  if (!given.ok) return given;
  if (unknownIn(given.value, ['profile']) !== undefined) return UNKNOWN_PARAMETER;
  const profile = given.value.texts.get('profile');
  if (profile !== null && profile.split('|')[0] !== IPS_BUNDLE) return OTHER_PROFILE;
  const patient = await ports.repository.read(organisationId, { type: PATIENT, id });
  if (!patient.ok) return patient;
  const subject = subjectOf(ports.registry, organisationId, id);
  if (subject === undefined) return NOT_HERE;
  const record = await recordOf(ports, organisationId, subject.id).catch(tooWide);
  if (!record.ok) return record;
  const { documents, isComplete, otherRecords } = record.value;
  const byResource = (of: Kept) => new Map(documents[of].map((one) => [summarised(one), one]));
  const kept = { record: byResource('record'), vital: byResource('vital'), lab: byResource('lab') };
  const { newId } = ports;
  const at = new Date(ports.nowMs()).toISOString();
  const summary = patientSummary({
    ...{ patientId: subject.id, isComplete, otherRecords, at, newId },
    documents: [...kept.record.keys()],
    vitalSigns: [...kept.vital.keys()],
    laboratory: [...kept.lab.keys()],
  });
  const all = new Map([...kept.record, ...kept.vital, ...kept.lab]);
  const used = summary.used.flatMap((one) => all.get(one) ?? []);
  const mentioned = documents.beside.filter(({ type, id: name }) =>
    used.some(({ text }) => text?.includes(`"${type}/${name}"`)),
  );
  const base = baseOf(request);
  const stored = [patient.value, ...used, ...mentioned].map(({ type, id: name, text }) => {
    return { text, beside: { fullUrl: `${base}/${type}/${name}` } };
  });
  const made = [summary.composition, ...summary.made].map((resource) => {
    const beside = { fullUrl: `urn:uuid:${resource.id}` };
    return { text: JSON.stringify(resource), beside };
  });
  const [composition, ...others] = made;
  const identifier = { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${newId()}` };
  const head = { type: 'document', meta: { profile: [IPS_BUNDLE] }, identifier, timestamp: at };
  const entries = composition === undefined ? [] : [composition, ...stored, ...others];
  return { ok: true, value: bundleText(head, entries) };
}

type Kept = 'record' | 'vital' | 'lab' | 'beside';

interface SummarisedRecord {
  readonly documents: Readonly<Record<Kept, readonly FhirDocument[]>>;
  readonly isComplete: boolean;
  /** Of the same person, with documents that are not in it. */
  readonly otherRecords: readonly SubjectId[];
}

/** As it was let in: a resource of the type by which it is kept. */
const summarised = ({ text }: FhirDocument): Summarised => JSON.parse(text ?? '') as Summarised;

async function recordOf(
  ports: SummaryPorts,
  organisationId: OrganisationId,
  subjectId: SubjectId,
): Promise<Answer<SummarisedRecord>> {
  const others = ports.otherRecordsOf(organisationId, subjectId);
  const { page, otherRecords } = await ports.repository.look(
    organisationId,
    async (session, knowledge) => ({
      page: await recordPage(session, knowledge, {
        ...{ subjectId, types: READ, count: DOCUMENTS_MAX },
        ...{ sinceMs: undefined, fromMs: EARLIEST, untilMs: LATEST, cursor: { doc: 0 } },
      }),
      otherRecords: await withDocuments(session.tx, organisationId, others),
    }),
  );
  if (page.after !== undefined) return TOO_LONG;
  const newest = async (category: string): Promise<Answer<Last>> => {
    const texts = new URLSearchParams({ patient: subjectId, category, max: '1' });
    const asked = { organisationId, texts, isStrict: true, baseUrl: '' };
    return await lastOfEach(ports, { ...asked, isTold: isObserved });
  };
  const vital = await newest('vital-signs');
  if (!vital.ok) return vital;
  const lab = await newest('laboratory');
  if (!lab.ok) return lab;
  const record = page.found.filter(({ type }) => type !== DEVICE);
  const beside = [...page.included, ...page.found.filter(({ type }) => type === DEVICE)];
  const isWhole = [vital, lab].every(({ value }) => value.issues.length === 0);
  return {
    ok: true,
    value: {
      documents: { record, vital: vital.value.documents, lab: lab.value.documents, beside },
      isComplete: isWhole && !page.isUnreadable,
      otherRecords,
    },
  };
}

const DEVICE = 'Device';
/** Of nobody, or of everybody: what the others refer to. */
const BESIDE = ['Medication', 'Practitioner', 'PractitionerRole', 'Organization', 'Location'];
const READ: ReadonlySet<string> = new Set([...SUMMARISED_TYPES, DEVICE, ...BESIDE]);
const [EARLIEST, LATEST] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

function tooWide(error: unknown): Extract<Answer<never>, { ok: false }> {
  if (!(error instanceof TooWide)) throw error;
  return TOO_LONG;
}

const TOO_LONG = refuseFor(
  fail('QUERY_TOO_WIDE', 'the record is too long for a summary: ask for $everything').fault,
);

const OTHER_PROFILE = refuse(400, {
  code: 'not-supported',
  text: 'The only summary here is the International Patient Summary.',
});
