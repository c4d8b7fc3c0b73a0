/** `Encounter/[id]/$claim`: a visit as a professional Claim, which is made and not kept. */
import { parseReference, referenceHere } from '@ausculta/fhir/reference';
import { isOneOf, type Lack, type Visit } from '@ausculta/fhir/visit';
import { visitClaim } from '@ausculta/fhir/visit-claim';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { Coverage, Encounter, Reference, Resource } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, type Refusal, refuse, refuseFor } from '../answer.ts';
import { baseOf, sendRefusal } from '../http-answer.ts';
import type { IndexState } from '../index-state.ts';
import { PATIENT } from '../patients.ts';
import { FHIR_ROUTE, type OfInstance } from '../route-kind.ts';
import { unreadableIssues } from '../search-answer.ts';
import { readAsked, UNKNOWN_PARAMETER, unknownIn } from './parameters.ts';
import type { SummaryPorts } from './summary-routes.ts';

interface ClaimPorts extends Pick<SummaryPorts, 'repository' | 'otherRecordsOf' | 'nowMs'> {
  readonly index: Pick<IndexState, 'isPartial'>;
}

export function claimRoutes(app: FastifyInstance, ports: ClaimPorts): void {
  const answer = async (
    request: FastifyRequest<OfInstance>,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const told = await claimOf(ports, request);
    if (!told.ok) return await sendRefusal(reply, told.refusal);
    return await reply.type(FHIR_JSON).send(JSON.stringify(told.value));
  };
  app.get<OfInstance>('/Encounter/:id/$claim', FHIR_ROUTE, answer);
  app.post<OfInstance>('/Encounter/:id/$claim', FHIR_ROUTE, answer);
}

async function claimOf(
  ports: ClaimPorts,
  request: FastifyRequest<OfInstance>,
): Promise<Answer<Resource>> {
  const given = readAsked(request);
  if (!given.ok) return given;
  if (unknownIn(given.value, []) !== undefined) return UNKNOWN_PARAMETER;
  const { organisationId } = callerOf(request);
  const { repository } = ports;
  const { id } = request.params;
  const read = await repository.read(organisationId, { type: 'Encounter', id });
  if (!read.ok) return read;
  const encounter = JSON.parse(read.value.text ?? '') as Encounter;
  const reading = new Surroundings(ports, organisationId, baseOf(request));
  const around = await reading.of(encounter);
  if (!around.ok) return around;
  const at = new Date(ports.nowMs()).toISOString();
  const claim = visitClaim({ encounter, at, ...around.value });
  return claim.ok ? claim : { ok: false, refusal: refusalOf(claim.lacks) };
}

function refusalOf(lacks: readonly Lack[]): Refusal {
  const issues = lacks.map(({ code, text, at }) => {
    return { severity: 'error' as const, code, details: { text }, expression: [at] };
  });
  return { status: 422, issues };
}

/** Who takes part, where and why: more than any visit has. */
const REFERENCES_MAX = 60;
const COVERAGES_MAX = 50;

/** What a visit refers to, as it is now. */
class Surroundings {
  readonly #ports: ClaimPorts;
  readonly #organisationId: OrganisationId;
  readonly #baseUrl: string;
  readonly #found = new Map<string, Resource>();

  constructor(ports: ClaimPorts, organisationId: OrganisationId, baseUrl: string) {
    this.#ports = ports;
    this.#organisationId = organisationId;
    this.#baseUrl = baseUrl;
  }

  async of(encounter: Encounter): Promise<Answer<Pick<Visit, 'find' | 'isPatient' | 'coverages'>>> {
    const { participant = [], location = [], diagnosis = [], reasonReference = [] } = encounter;
    const first = [
      ...[encounter.serviceProvider, ...reasonReference],
      ...participant.map(({ individual }) => individual),
      ...location.map((one) => one.location),
      ...diagnosis.map(({ condition }) => condition),
    ];
    if (first.length > REFERENCES_MAX) return TOO_MUCH;
    const damaged = (await this.#read(first)) ?? (await this.#read(this.#ofRoles()));
    if (damaged !== undefined) return { ok: false, refusal: damaged };
    const records = await this.#recordsOf(encounter);
    const coverages = records.length === 0 ? NO_COVERAGES : await this.#coverages(records);
    if (!coverages.ok) return coverages;
    const isPatient: Visit['isPatient'] = (reference) =>
      records.some((id) => this.#named(reference) === `${PATIENT}/${id}`);
    return { ok: true, value: { find: this.#find, isPatient, coverages: coverages.value } };
  }

  readonly #find: Visit['find'] = (types, reference) => {
    const found = this.#found.get(this.#named(reference) ?? '');
    return found !== undefined && isOneOf(found, types) ? found : undefined;
  };

  /** "Type/id" of what is on this server. */
  #named(reference: Reference | undefined): string | undefined {
    const text = reference?.reference ?? '';
    const { base, type, id } = parseReference(referenceHere(text, this.#baseUrl) ?? text) ?? {};
    return base === undefined && type !== undefined ? `${type}/${id}` : undefined;
  }

  #ofRoles(): Reference[] {
    return [...this.#found.values()].flatMap((one) =>
      one.resourceType === 'PractitionerRole' ? (one.practitioner ?? []) : [],
    );
  }

  /** What is not here is not found; what does not open refuses all. */
  async #read(references: readonly (Reference | undefined)[]): Promise<Refusal | undefined> {
    const names = new Set(references.flatMap((one) => this.#named(one) ?? []));
    const reads = [...names].map(async (name) => {
      const [type = '', id = ''] = name.split('/');
      const read = await this.#ports.repository.read(this.#organisationId, { type, id });
      if (read.ok) this.#found.set(name, JSON.parse(read.value.text ?? '') as Resource);
      return read.ok || read.refusal.status < 500 ? undefined : read.refusal;
    });
    return (await Promise.all(reads)).find((refusal) => refusal !== undefined);
  }

  /** Ids of all records of the person; none where it is nobody here. */
  async #recordsOf({ subject }: Encounter): Promise<readonly string[]> {
    const [type, id = ''] = this.#named(subject)?.split('/') ?? [];
    const own = type === PATIENT ? parseSubjectId(id) : undefined;
    if (own === undefined) return [];
    const { repository, otherRecordsOf } = this.#ports;
    const patient = await repository.read(this.#organisationId, { type: PATIENT, id: own });
    return patient.ok ? [own, ...otherRecordsOf(this.#organisationId, own)] : [];
  }

  async #coverages(records: readonly string[]): Promise<Answer<readonly Coverage[]>> {
    const { repository, index } = this.#ports;
    // One that is not found yet may be the one that pays first.
    if (index.isPartial(this.#organisationId)) return INDEXING;
    const beneficiary = records.map((id) => `${PATIENT}/${id}`).join(',');
    const asked = [
      ['beneficiary', beneficiary],
      ['_count', String(COVERAGES_MAX)],
    ] as const;
    const query = await repository.parse('Coverage', asked, {
      isStrict: true,
      baseUrl: this.#baseUrl,
    });
    if (!query.ok) return refuseFor(query.fault);
    const page = await repository.search(this.#organisationId, query.value);
    if (!page.ok) return refuseFor(page.fault);
    if (page.value.next !== undefined) return TOO_MUCH;
    // So may one that does not open.
    if (page.value.isUnreadable)
      return { ok: false, refusal: { status: 500, issues: unreadableIssues() } };
    const value = page.value.matches.map(({ text }) => JSON.parse(text) as Coverage);
    return { ok: true, value };
  }
}

const INDEXING = refuse(503, {
  code: 'transient',
  text: 'Documents are being indexed, and a Coverage may be missing. Ask again in a while.',
});

const NO_COVERAGES = { ok: true, value: [] } as const;

const TOO_MUCH = refuse(422, {
  code: 'too-costly',
  text: `A visit refers to ${REFERENCES_MAX} resources at most, and its patient has ${COVERAGES_MAX} Coverages.`,
});
