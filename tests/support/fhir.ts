// The definitions of R4 as the server loads them, once a process; and every example resource of the
// shared data.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import {
  type Definitions,
  type DefinitionsDocument,
  loadDefinitions,
} from '../../packages/fhir/src/definitions.ts';
import {
  type KnownProfiles,
  knownProfiles,
  type ProfilesDocument,
} from '../../packages/fhir/src/profiles.ts';

const FILE = new URL('../../packages/fhir/generated/r4.json', import.meta.url);

export function readDefinitions(): DefinitionsDocument {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

let loaded: Definitions | undefined;

export function r4(): Definitions {
  loaded ??= loadDefinitions(readDefinitions());
  return loaded;
}

let guides: KnownProfiles | undefined;

export function knownGuides(): KnownProfiles {
  const file = new URL('../../packages/fhir/generated/us-core.json', import.meta.url);
  guides ??= knownProfiles(r4(), JSON.parse(readFileSync(file, 'utf8')) as ProfilesDocument);
  return guides;
}

export interface Example {
  readonly file: string;
  readonly resource: Resource;
}

/** Every resource that is written as JSON; those of a bundle and those contained come by themselves too. */
export function examplesIn(directory: string): Example[] {
  return wholeExamplesIn(directory).flatMap(({ file, resource }) =>
    [resource, ...within(resource)].map((one) => ({ file, resource: one })),
  );
}

/** One for each file. */
export function wholeExamplesIn(directory: string): Example[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const resource: Resource = JSON.parse(readFileSync(join(directory, file), 'utf8'));
      return { file, resource };
    });
}

function within(resource: Resource): Resource[] {
  if (resource.resourceType !== 'Bundle') return [];
  return (resource.entry ?? []).flatMap((entry) =>
    entry.resource === undefined ? [] : [entry.resource, ...within(entry.resource)],
  );
}
