// Completes package-lock.json: `node tools/complete-lock.mjs`, after every change of dependencies.
//
// A package built for many systems lists one optional dependency for each. A registry that does not hold
// the builds for other systems makes npm leave them out of the lock file, and then `npm ci` refuses
// to work, there and everywhere else. Their version is exact in the list and their system is in their name,
// so they can be written in without the registry. Only their checksum cannot: npm adds it when the lock
// file is next written where the registry has them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCK = fileURLToPath(new URL('../package-lock.json', import.meta.url));

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string[]} [cpu]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @typedef {{ packages: Record<string, Entry> }} LockFile */

/**
 * The optional dependencies that the lock file lacks, by the path that npm would give them.
 *
 * @param {LockFile} lock
 * @returns {[string, Entry][]}
 */
export function missingBuilds({ packages }) {
  return Object.entries(packages).flatMap(([path, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(packages, path, name))
      .map(([name, version]) => [`node_modules/${name}`, describe(name, version, dev)]),
  );
}

/**
 * npm looks for a dependency in the package's own folder first, then in each one above.
 *
 * @param {Record<string, Entry>} packages
 * @param {string} path
 * @param {string} name
 */
function isLocked(packages, path, name) {
  const parts = path.split('/node_modules/');
  return (
    parts.some((_, above) => {
      const folder = parts.slice(0, parts.length - above).join('/node_modules/');
      return packages[`${folder}/node_modules/${name}`] !== undefined;
    }) || packages[`node_modules/${name}`] !== undefined
  );
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * @param {string} name such as `@swc/core-linux-arm-gnueabihf`
 * @param {string} version
 * @param {boolean | undefined} dev
 * @returns {Entry}
 */
function describe(name, version, dev) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.filter((each) => words.includes(each));
  const cpu = PROCESSORS.filter((each) => words.includes(each));
  if (os.length !== 1 || cpu.length !== 1) {
    throw new Error(`The system that ${name} is built for is not in its name: add it by hand.`);
  }
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    ...(os[0] === 'linux' ? { libc: [libc] } : {}),
    optional: true,
    os,
  };
}

function complete() {
  /** @type {LockFile} */
  const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
  const missing = missingBuilds(lock);
  const packages = Object.entries(lock.packages).concat(missing);
  packages.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(packages);
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`package-lock.json: ${missing.length} builds for other systems added\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) complete();
