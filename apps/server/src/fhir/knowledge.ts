/** What is known of FHIR itself. It is read when it is first asked for: a server without FHIR's clients never does. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type Definitions,
  type DefinitionsDocument,
  loadDefinitions,
} from '@ausculta/fhir/definitions';
import { isPlainObservation } from '@ausculta/fhir/plain-observation';
import { type KnownProfiles, knownProfiles, type ProfilesDocument } from '@ausculta/fhir/profiles';
import { elementIndexer, type SearchRow, searchIndexer } from '@ausculta/fhir/search-rows';
import { validate } from '@ausculta/fhir/validation';
import { validateInParts } from '@ausculta/fhir/validation-parts';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { isIndexed } from './index-entries.ts';

export interface Knowledge {
  readonly definitions: Definitions;
  readonly rowsOf: (resource: Resource) => SearchRow[];
  /** Those of one element that the index keeps. */
  readonly rowsOfElement: (type: string, element: string, value: unknown) => SearchRow[];
  /** What is wrong by base R4, and what is odd. */
  readonly issuesOf: (resource: Resource) => OperationOutcomeIssue[];
  /** The same, of a long Bundle in parts: each of them takes a moment. */
  readonly issuesInParts: (resource: Resource) => Iterable<readonly OperationOutcomeIssue[]>;
}

let known: Promise<Knowledge> | undefined;

/** Once a process, because `@medplum/core` remembers for the whole process what it was told. */
export function fhirKnowledge(): Promise<Knowledge> {
  known ??= load();
  return known;
}

let profiles: Promise<KnownProfiles> | undefined;

/** The profiles of guides; nothing but a question about one of them needs them. */
export function fhirProfiles(): Promise<KnownProfiles> {
  profiles ??= loadProfiles();
  return profiles;
}

async function loadProfiles(): Promise<KnownProfiles> {
  const { definitions } = await fhirKnowledge();
  const path = fileURLToPath(import.meta.resolve('@ausculta/fhir/us-core.json'));
  return knownProfiles(definitions, JSON.parse(await readFile(path, 'utf8')) as ProfilesDocument);
}

async function load(): Promise<Knowledge> {
  const path = fileURLToPath(import.meta.resolve('@ausculta/fhir/r4.json'));
  const document = JSON.parse(await readFile(path, 'utf8')) as DefinitionsDocument;
  const definitions = loadDefinitions(document);
  return {
    definitions,
    rowsOf: searchIndexer(definitions),
    rowsOfElement: elementIndexer(definitions, (type, { code }) => isIndexed(type, code)),
    issuesOf: (resource) => (isPlainObservation(resource) ? [] : validate(definitions, resource)),
    issuesInParts: (resource) =>
      isPlainObservation(resource) ? [] : validateInParts(definitions, resource),
  };
}
