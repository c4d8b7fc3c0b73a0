/** `Patient/$match`: who of those here a description may be of, the likeliest first. */
import { matchOf, type PatientMatch } from '@ausculta/fhir/patient-match';
import type { Patient } from '@medplum/fhirtypes';
import type { FastifyInstance } from 'fastify';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { refuse } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { baseOf, bundleText, sendRefusal } from '../http-answer.ts';
import { PATIENT } from '../patients.ts';
import type { Repository } from '../repository.ts';
import { FHIR_ROUTE } from '../route-kind.ts';
import { readAsked, UNKNOWN_PARAMETER, unknownIn, wholeNumber } from './parameters.ts';

const COUNT_DEFAULT = 10;
const COUNT_MAX = 100;
const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';

export function matchRoutes(app: FastifyInstance, repository: Repository): void {
  app.post('/Patient/$match', FHIR_ROUTE, async (request, reply) => {
    const given = readAsked(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const { texts, resources } = given.value;
    const asked = resources.get('resource');
    if (asked?.resourceType !== PATIENT) return await sendRefusal(reply, NO_PATIENT.refusal);
    if (unknownIn(given.value, ['onlyCertainMatches', 'count']) !== undefined)
      return await sendRefusal(reply, UNKNOWN_PARAMETER.refusal);
    const count = texts.has('count') ? wholeNumber(texts.get('count'), COUNT_MAX) : COUNT_DEFAULT;
    if (count === undefined) return await sendRefusal(reply, BAD_COUNT.refusal);
    const { organisationId } = callerOf(request);
    const found = await repository.look(organisationId, async (session) => {
      const shelved = await session.shelved();
      return shelved.flatMap(({ document }) => {
        const match = matchOf(asked, document.resource as Patient);
        return match === undefined ? [] : [{ document, match }];
      });
    });
    found.sort((a, b) => b.match.score - a.match.score);
    const certain = found.filter(({ match }) => match.grade === 'certain');
    // Whoever takes the only answer must not be given one of two.
    const isOnlyCertain = texts.get('onlyCertainMatches') === 'true';
    const told = isOnlyCertain ? (certain.length === 1 ? certain : []) : found.slice(0, count);
    const link = [{ relation: 'self', url: `${baseOf(request)}/${PATIENT}/$match` }];
    const bundle = { type: 'searchset', total: told.length, link };
    const entries = told.map((one) => entryOf(baseOf(request), one));
    return await reply.type(FHIR_JSON).send(bundleText(bundle, entries));
  });
}

interface Matched {
  readonly document: FhirDocument;
  readonly match: PatientMatch;
}

function entryOf(base: string, { document: { id, text }, match: { grade, score } }: Matched) {
  const extension = [{ url: MATCH_GRADE, valueCode: grade }];
  const search = { extension, mode: 'match', score };
  return { text, beside: { fullUrl: `${base}/${PATIENT}/${id}`, search } };
}

const NO_PATIENT = refuse(400, {
  code: 'required',
  text: 'The parameter "resource" is the Patient that is looked for.',
});

const BAD_COUNT = refuse(400, {
  code: 'value',
  text: `count is a whole number from 1 to ${COUNT_MAX}.`,
});
