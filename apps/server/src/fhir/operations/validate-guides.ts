/** What the profiles of guides say: US Core, personal health devices, the International Patient Summary. */
import { profileIssuesInParts } from '@ausculta/fhir/profile-check';
import type { KnownProfiles } from '@ausculta/fhir/profiles';
import { isError } from '@ausculta/fhir/validation';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { type Answer, refuse } from '../answer.ts';
import { inTurns } from '../in-turns.ts';
import { fhirProfiles } from '../knowledge.ts';

interface Canonical {
  readonly url: string;
  readonly version: string | undefined;
}

export function canonical(text: string): Canonical {
  const [url = '', version] = text.split('|');
  return { url, version };
}

/** Undefined where all of them are known. */
export async function whyUnknown(
  urls: readonly string[],
): Promise<Extract<Answer<never>, { ok: false }> | undefined> {
  if (urls.length === 0) return undefined;
  const known = await fhirProfiles();
  return urls.every((url) => isKnown(canonical(url), known)) ? undefined : UNKNOWN_PROFILE;
}

function isKnown({ url, version }: Canonical, { profile }: KnownProfiles): boolean {
  const found = profile(url);
  return found !== undefined && (version === undefined || version === found.version);
}

interface AskedGuides {
  /** In the question. */
  readonly guides: readonly string[];
  /** In the resource itself. */
  readonly named: readonly string[];
}

/** `issues` is what base R4 says. */
export async function guideIssues(
  { guides, named }: AskedGuides,
  resource: Resource,
  {
    issues,
    pause,
  }: { readonly issues: readonly OperationOutcomeIssue[]; readonly pause: () => Promise<void> },
): Promise<OperationOutcomeIssue[]> {
  const { resourceType: type } = resource;
  const inside = resource.resourceType === 'Bundle' ? (resource.entry ?? []) : [];
  const isAsked = guides.length > 0 || named.length > 0;
  const isAskedInside = inside.some((entry) => entry.resource?.meta?.profile !== undefined);
  if (!isAsked && !isAskedInside) return [];
  if (issues.some(isError)) return [NOT_OF_R4];
  const known = await fhirProfiles();
  const found: OperationOutcomeIssue[] = [];
  for await (const part of inTurns(parts(), pause)) found.push(...part);
  return found;

  function* parts(): Generator<readonly OperationOutcomeIssue[]> {
    for (const url of guides) yield* issuesOf(known, url, { resource, path: type });
    for (const url of named) yield* issuesNamed(known, url, { resource, path: type });
    for (const [index, { resource: one }] of inside.entries()) {
      const path = `Bundle.entry[${index}].resource`;
      for (const url of one?.meta?.profile ?? [])
        if (one !== undefined) yield* issuesNamed(known, url, { resource: one, path });
    }
  }
}

interface Found {
  readonly resource: Resource;
  readonly path: string;
}

function* issuesOf(
  known: KnownProfiles,
  named: string,
  at: Found,
): Generator<readonly OperationOutcomeIssue[]> {
  const profile = known.profile(canonical(named).url);
  if (profile !== undefined) yield* profileIssuesInParts(known, profile, at);
}

/** Nobody is refused for what a resource says of itself. */
function* issuesNamed(
  known: KnownProfiles,
  named: string,
  at: Found,
): Generator<readonly OperationOutcomeIssue[]> {
  if (isKnown(canonical(named), known)) yield* issuesOf(known, named, at);
  else {
    const text = 'Not checked: the profile, or its version, is not known here.';
    const expression = [`${at.path}.meta.profile`];
    yield [{ severity: 'information', code: 'not-supported', details: { text }, expression }];
  }
}

const UNKNOWN_PROFILE = refuse(400, {
  code: 'not-supported',
  text: 'The profile, or this version of it, is not known here. Known are those of base R4 and of its vital signs, and what decisions/0032-fhir-operations.md lists of US Core, personal health devices (PHD) and the International Patient Summary.',
});

const NOT_OF_R4: OperationOutcomeIssue = {
  severity: 'information',
  code: 'informational',
  details: { text: 'Not checked: the profiles of guides, for base R4 is not held.' },
};
