/**
 * The official definitions of R4: what a resource may hold, how it is searched, which codes it takes.
 * They come as data (generated/r4.json) from whoever starts us; decisions/0020-fhir-definitions.md
 * says how that file is made.
 */
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import type { ResourceType, SearchParameter, StructureDefinition } from '@medplum/fhirtypes';

/** The file, parsed. */
export interface DefinitionsDocument {
  readonly source: { readonly package: string; readonly version: string };
  readonly structureDefinitions: StructureDefinition[];
  readonly searchParameters: SearchParameter[];
  /** By the URL of a value set that some element requires: its codes. */
  readonly codes: Readonly<Record<string, readonly string[]>>;
}

export interface Definitions {
  /** The types that exist, without the abstract ones. */
  readonly resourceTypes: ReadonlySet<string>;
  /** Profiles on these types, by their URL: the vital signs. */
  readonly profiles: ReadonlyMap<string, StructureDefinition>;
  readonly codes: ReadonlyMap<string, ReadonlySet<string>>;
  /** By type, then by the name that a client uses; those of every resource are among them. */
  readonly searchParameters: ReadonlyMap<string, ReadonlyMap<string, SearchParameter>>;
  readonly searchParametersByUrl: ReadonlyMap<string, SearchParameter>;
  /** Elements of the top level that a summary tells, and those that must be there; `value` for `value[x]`. */
  readonly summaryOf: (type: string) => TopElements;
  /**
   * Lets `@medplum/core` know these types; others are passed over. It must know a type before it can
   * look into a resource, and takes some 3 ms to learn one. What is here does so where it has to; for
   * what works on all known types, GraphQL, they are to be named first.
   */
  readonly prepare: (types: Iterable<string>) => void;
}

export interface TopElements {
  readonly summary: ReadonlySet<string>;
  readonly mandatory: ReadonlySet<string>;
}

/**
 * `@medplum/core` keeps what it learns for the whole process, so this is called once, before anything
 * is validated or searched.
 */
export function loadDefinitions(document: DefinitionsDocument): Definitions {
  const { structureDefinitions, searchParameters } = document;
  const isResource = ({ kind }: StructureDefinition) => kind === 'resource';
  indexStructureDefinitionBundle(structureDefinitions.filter((one) => !isResource(one)));
  const entry = searchParameters.map((resource) => ({ resource }));
  indexSearchParameterBundle({ resourceType: 'Bundle', type: 'collection', entry });
  const structures = structureDefinitions.filter(isResource);
  const profiles = structures.filter(({ derivation }) => derivation === 'constraint');
  const concrete = structures.filter((one) => !profiles.includes(one) && !one.abstract);
  const types = concrete.map(({ type }) => type);
  const byType = types.map((type) => [type, parametersOf(type, searchParameters)] as const);
  const codes = Object.entries(document.codes);
  return {
    resourceTypes: new Set(types),
    profiles: new Map(profiles.map((profile) => [profile.url, profile])),
    codes: new Map(codes.map(([url, list]) => [url, new Set(list)])),
    searchParameters: new Map(byType),
    searchParametersByUrl: new Map(searchParameters.map((one) => [one.url, one])),
    summaryOf: topElements(concrete),
    prepare: preparing(concrete),
  };
}

function topElements(structures: readonly StructureDefinition[]): Definitions['summaryOf'] {
  const byType = new Map(structures.map((structure) => [structure.type, structure]));
  const known = new Map<string, TopElements>();
  return (type) => {
    const made = known.get(type) ?? topElementsOf(byType.get(type));
    known.set(type, made);
    return made;
  };
}

function topElementsOf(structure: StructureDefinition | undefined): TopElements {
  const elements = structure?.snapshot?.element ?? [];
  const top = elements.filter(({ path }) => path?.split('.').length === 2);
  const named = (some: typeof top): Set<string> =>
    new Set(some.map(({ path = '' }) => (path.split('.')[1] ?? '').replace('[x]', '')));
  return {
    summary: named(top.filter(({ isSummary }) => isSummary)),
    mandatory: named(top.filter(({ min = 0 }) => min > 0)),
  };
}

function preparing(structures: readonly StructureDefinition[]): Definitions['prepare'] {
  const unknown = new Map(structures.map((structure) => [structure.type, structure]));
  return (types) => {
    for (const type of types) {
      const structure = unknown.get(type);
      if (structure === undefined) continue;
      indexStructureDefinitionBundle([structure]);
      unknown.delete(type);
    }
  };
}

function parametersOf(
  type: string,
  all: readonly SearchParameter[],
): ReadonlyMap<string, SearchParameter> {
  const own = all.filter(({ base }) => isBaseOf(base, type));
  return new Map(own.map((parameter) => [parameter.code, parameter]));
}

function isBaseOf(base: readonly ResourceType[], type: string): boolean {
  return base.some((one) => one === type || (one as string) === 'Resource');
}
