/**
 * `$validate`: what is wrong with a resource by base R4, and by the profiles of vital signs where it is
 * one of theirs. A profile that is named, in the question or in the resource, is held as a rule; one
 * that only its code suggests is a warning, for such a resource would be stored.
 */
import type { Definitions } from '@ausculta/fhir/definitions';
import { isError, validate } from '@ausculta/fhir/validation';
import { profileUrl, VITAL_SIGNS, vitalSignIssues, vitalSignOf } from '@ausculta/fhir/vital-signs';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { type Answer, refuse } from '../answer.ts';

const BASE_PROFILE = 'http://hl7.org/fhir/StructureDefinition/';

/** What all vital signs have in common: each of them is held to its own. */
const ANY_VITAL_SIGN = `${BASE_PROFILE}vitalsigns`;

export function issuesBy(
  profiles: readonly string[],
  resource: Resource,
  definitions: Definitions,
): Answer<readonly OperationOutcomeIssue[]> {
  const { resourceType: type } = resource;
  const plain = profiles.map((url) => url.split('|')[0] ?? '');
  if (!plain.every((url) => isKnown(url, definitions))) return UNKNOWN_PROFILE;
  const issues = [...validate(definitions, resource)];
  const others = plain.filter((url) => definitions.resourceTypes.has(nameOf(url)));
  if (others.some((url) => nameOf(url) !== type)) issues.push(OTHER_TYPE);
  const signs = plain.filter((url) => !others.includes(url));
  if (resource.resourceType !== 'Observation') {
    if (signs.length > 0) issues.push(OTHER_TYPE);
    return { ok: true, value: issues };
  }
  // Of what is no Observation at all, a profile of one says nothing.
  if (issues.some(isError)) return { ok: true, value: issues };
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
  return { ok: true, value: issues };
}

const nameOf = (url: string): string =>
  url.startsWith(BASE_PROFILE) ? url.slice(BASE_PROFILE.length) : '';

function isKnown(url: string, { resourceTypes }: Definitions): boolean {
  const isSign = VITAL_SIGNS.some((sign) => profileUrl(sign) === url);
  return isSign || url === ANY_VITAL_SIGN || resourceTypes.has(nameOf(url));
}

const UNKNOWN_PROFILE = refuse(400, {
  code: 'not-supported',
  text: 'The profile is not known here. Known are those of base R4 and of its vital signs.',
});

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
