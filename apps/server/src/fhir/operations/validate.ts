/**
 * `$validate`: what is wrong with a resource by base R4, by the profiles of vital signs where it is one of
 * theirs, and by the profiles of guides that are named. A profile that is named, in the question or in the
 * resource, is held as a rule; one that only its code suggests is a warning, for such a resource would be
 * stored. What could not be checked is told as information.
 */
import type { Definitions } from '@ausculta/fhir/definitions';
import { isError } from '@ausculta/fhir/validation';
import { validateInParts } from '@ausculta/fhir/validation-parts';
import { profileUrl, VITAL_SIGNS, vitalSignIssues, vitalSignOf } from '@ausculta/fhir/vital-signs';
import type { Observation, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { Answer } from '../answer.ts';
import { inTurns } from '../in-turns.ts';
import { fhirKnowledge } from '../knowledge.ts';
import { canonical, guideIssues, whyUnknown } from './validate-guides.ts';

const BASE_PROFILE = 'http://hl7.org/fhir/StructureDefinition/';

/** What all vital signs have in common: each of them is held to its own. */
const ANY_VITAL_SIGN = `${BASE_PROFILE}vitalsigns`;

export async function issuesBy(
  profiles: readonly string[],
  resource: Resource,
  pause: () => Promise<void>,
): Promise<Answer<readonly OperationOutcomeIssue[]>> {
  const { definitions } = await fhirKnowledge();
  const ofGuides = (urls: readonly string[]) => urls.filter((url) => !isOfR4(url, definitions));
  const guides = ofGuides(profiles);
  const unknown = await whyUnknown(guides);
  if (unknown !== undefined) return unknown;
  const found: OperationOutcomeIssue[] = [];
  for await (const part of inTurns(validateInParts(definitions, resource), pause))
    found.push(...part);
  const ofR4 = profiles.filter((url) => !guides.includes(url));
  const issues = baseIssues(ofR4, { resource, found }, definitions);
  const inResource = ofGuides(resource.meta?.profile ?? []);
  const asked = { guides, named: inResource.filter((url) => !guides.includes(url)) };
  return {
    ok: true,
    value: [...issues, ...(await guideIssues(asked, resource, { issues, pause }))],
  };
}

/** By those of R4 that are named, those of the resource among them. */
function baseIssues(
  profiles: readonly string[],
  { resource, found }: { readonly resource: Resource; readonly found: OperationOutcomeIssue[] },
  definitions: Definitions,
): OperationOutcomeIssue[] {
  const { resourceType: type } = resource;
  const plain = profiles.map((url) => canonical(url).url);
  const issues = [...found];
  const others = plain.filter((url) => definitions.resourceTypes.has(nameOf(url)));
  if (others.some((url) => nameOf(url) !== type)) issues.push(OTHER_TYPE);
  const signs = plain.filter((url) => !others.includes(url));
  if (resource.resourceType !== 'Observation') {
    if (signs.length > 0) issues.push(OTHER_TYPE);
    return issues;
  }
  // Of what is no Observation at all, a profile of one says nothing.
  if (issues.some(isError)) return issues;
  return [...issues, ...signIssues(signs, resource)];
}

function signIssues(signs: readonly string[], resource: Observation): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  const named = [...signs, ...(resource.meta?.profile ?? [])];
  for (const sign of VITAL_SIGNS.filter((one) => named.includes(profileUrl(one))))
    issues.push(...vitalSignIssues(resource, sign));
  const suggested = vitalSignOf(resource);
  if (named.includes(ANY_VITAL_SIGN) && suggested === undefined) issues.push(NO_VITAL_SIGN);
  if (suggested !== undefined && !named.includes(profileUrl(suggested))) {
    const isRule = named.includes(ANY_VITAL_SIGN);
    const found = vitalSignIssues(resource, suggested);
    issues.push(...found.map((one) => (isRule ? one : { ...one, severity: 'warning' as const })));
  }
  return issues;
}

const nameOf = (url: string): string =>
  url.startsWith(BASE_PROFILE) ? url.slice(BASE_PROFILE.length) : '';

function isOfR4(named: string, { resourceTypes }: Definitions): boolean {
  const { url } = canonical(named);
  const isSign = VITAL_SIGNS.some((sign) => profileUrl(sign) === url);
  return isSign || url === ANY_VITAL_SIGN || resourceTypes.has(nameOf(url));
}

const OTHER_TYPE: OperationOutcomeIssue = {
  severity: 'error',
  code: 'invalid',
  details: { text: 'the profile is of another type of resource' },
  expression: ['resourceType'],
};

const NO_VITAL_SIGN: OperationOutcomeIssue = {
  severity: 'error',
  code: 'invariant',
  details: { text: 'code is none of the vital signs' },
  expression: ['Observation.code'],
};

/** R4 wants an issue even where there is nothing to say. */
export const ALL_WELL: OperationOutcomeIssue = {
  severity: 'information',
  code: 'informational',
  details: { text: 'Nothing is wrong with it.' },
};
