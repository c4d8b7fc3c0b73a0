// What we are made of: `npm run sbom` writes a bill of materials (CycloneDX) of what runs, `npm run audit`
// asks the registry whether anything of it has a known weakness.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Those that ask no more than to be named. */
export const LICENCES = [
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'],
  ...['MPL-2.0', 'OFL-1.1', 'Unlicense', '(MIT OR CC0-1.0)'],
];

/**
 * @typedef {{ version?: string, license?: string, dev?: boolean, link?: boolean }} Entry
 * @typedef {{ packages: Record<string, Entry> }} LockFile
 * @typedef {{ 'bom-ref': string, purl?: string, name: string, version?: string }} Component
 * @typedef {{ ref: string, dependsOn?: string[] }} Dependency
 * @typedef {{ metadata: { component: Component }, components: Component[], dependencies: Dependency[] }} Bill
 */

/**
 * What runs, and is not ours: by name and version.
 *
 * @param {LockFile} lock
 * @returns {{ name: string, entry: Entry }[]}
 */
export function running({ packages }) {
  return Object.entries(packages)
    .filter(
      ([path, { dev, link }]) => path.includes('node_modules/') && dev !== true && link !== true,
    )
    .map(([path, entry]) => ({ name: path.split('node_modules/').at(-1) ?? '', entry }));
}

/**
 * Packages that run under a licence that is on no list.
 *
 * @param {LockFile} lock
 */
export function strangeLicences(lock) {
  return running(lock)
    .filter(({ entry }) => !LICENCES.includes(entry.license ?? ''))
    .map(({ name, entry }) => `${name}: ${entry.license ?? 'no licence'}`);
}

/**
 * Of all that npm knows, what runs: it would itself leave out what is needed for development as well.
 *
 * @param {string} root
 * @returns {Bill}
 */
export function billOfMaterials(root = ROOT) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  /** @type {import('node:child_process').ExecFileSyncOptions} */
  const options = { cwd: root, maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] };
  const bill = /** @type {Bill} */ (JSON.parse(String(execFileSync('npm', args, options))));
  const wanted = new Set(running(readLock(root)).map(purlOf));
  const components = bill.components.filter((one) => wanted.has(plainPurl(one)) || isOurs(one));
  const refs = new Set([bill.metadata.component, ...components].map((one) => one['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((one) => refs.has(one)),
    }));
  // It is called by the directory that it lies in.
  const component = { ...bill.metadata.component, name: 'ausculta' };
  return { ...bill, metadata: { ...bill.metadata, component }, components, dependencies };
}

/** @param {{ name: string, entry: Entry }} one */
export const purlOf = ({ name, entry }) => `pkg:npm/${name}@${entry.version}`;
/** @param {Component} component */
export const plainPurl = ({ purl = '' }) => decodeURIComponent(purl.split('?')[0] ?? '');
/** @param {Component} component */
const isOurs = (component) => plainPurl(component).startsWith('pkg:npm/@ausculta/');

/**
 * @param {string} root
 * @returns {LockFile}
 */
const readLock = (root) => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

/**
 * What an answer of `npm audit --json` means.
 *
 * @param {string} text
 * @returns {{ kind: 'clean' } | { kind: 'weak', packages: string[] } | { kind: 'not-possible' }}
 */
export function readAudit(text) {
  try {
    const { vulnerabilities } = /** @type {{ vulnerabilities?: Record<string, unknown> }} */ (
      JSON.parse(text)
    );
    if (vulnerabilities === undefined) return { kind: 'not-possible' };
    const packages = Object.keys(vulnerabilities);
    return packages.length === 0 ? { kind: 'clean' } : { kind: 'weak', packages };
  } catch {
    return { kind: 'not-possible' };
  }
}

/** @returns {number} the exit code */
function audit() {
  const { stdout } = spawnSync('npm', ['audit', '--omit', 'dev', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const found = readAudit(stdout);
  const said = {
    clean: 'No package that runs has a weakness that the registry knows of.\n',
    weak: `Known weaknesses, by the registry: ${found.kind === 'weak' ? found.packages.join(', ') : ''}.\n`,
    'not-possible':
      'NOT POSSIBLE: the registry answers no question about weaknesses from here. Nothing was checked.\n',
  };
  process.stdout.write(said[found.kind]);
  return found.kind === 'weak' ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'sbom')
    process.stdout.write(`${JSON.stringify(billOfMaterials(), null, 2)}\n`);
  else process.exitCode = audit();
  for (const line of strangeLicences(readLock(ROOT)))
    process.stderr.write(`A licence that is on no list: ${line}\n`);
}
