// Installs dependencies when package-lock.json and node_modules disagree, and says so step by step.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** An error that its reader can mend: its message is one line that says how. */
export class MendableError extends Error {}

/** npm prints nothing while it works; a newcomer must not think that it hangs. */
const SIGN_OF_LIFE_MS = 10_000;

/** What npm says when it fails, and what mends it. The first that matches speaks. */
const MENDS = [
  {
    when: /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT/,
    say: "the package registry cannot be reached. Check the network (or npm's proxy setting) and run the same command again.",
  },
  { when: /ENOSPC/, say: 'the disk is full. Free about 1 GB and run the same command again.' },
  {
    when: /EACCES|EPERM|EROFS/,
    say: "this folder or npm's cache cannot be written. Give yourself write access to both and run the same command again.",
  },
  {
    when: /EUSAGE/,
    say: 'package.json and package-lock.json disagree. Run `npm install` and commit both.',
  },
  {
    when: /EINTEGRITY/,
    say: 'a downloaded package is damaged. Run `npm cache clean --force` and then the same command again.',
  },
  {
    when: /E401|E403/,
    say: 'the registry refuses us. Check the registry and the token in your npm settings.',
  },
  {
    when: /E404|ETARGET/,
    say: 'the registry lacks a package that we need. Check the registry in your npm settings.',
  },
];

/** @param {string} root */
export async function ensureInstalled(root) {
  const missing = missingPackages(root);
  if (missing.length === 0) return;
  const count = missing.length === 1 ? missing[0] : `${missing.length} packages`;
  process.stdout.write(`→ install: ${count} missing, running npm ci (about 600 MB, once)\n`);
  expectRoom(root);
  const startedMs = Date.now();
  const sign = setInterval(() => {
    process.stdout.write(`  … still installing (${secondsSince(startedMs)} s)\n`);
  }, SIGN_OF_LIFE_MS);
  const { code, said } = await npmCi(root).finally(() => clearInterval(sign));
  if (code !== 0) throw new MendableError(`npm ci failed: ${mendOf(said)}`);
  const still = missingPackages(root);
  if (still.length > 0) {
    throw new MendableError(
      `npm ci left out ${still.slice(0, 3).join(', ')}: check the settings \`omit\` and \`os\` of npm and run the same command again.`,
    );
  }
  process.stdout.write(`✔ install: done in ${secondsSince(startedMs)} s\n`);
}

/** node_modules and what npm unpacks beside it. */
const INSTALL_BYTES = 900e6;

/**
 * npm tries a full disk for minutes, and then may leave packages out and call it a success.
 *
 * @param {string} root
 */
function expectRoom(root) {
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  if (freeBytes >= INSTALL_BYTES) return;
  throw new MendableError(
    `The disk has ${Math.round(freeBytes / 1e6)} MB left and installing takes ${INSTALL_BYTES / 1e6}: ` +
      'free some space and run the same command again.',
  );
}

/**
 * The packages of package-lock.json that node_modules lacks or holds in another version. Packages for
 * other systems are expected to be missing.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function missingPackages(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const stamp = join(root, 'node_modules/.package-lock.json');
  const found = existsSync(stamp) ? readPackages(stamp) : {};
  return Object.entries(wanted)
    .filter(([path]) => path.startsWith('node_modules/'))
    .filter(([path, entry]) => {
      const have = existsSync(join(root, path)) ? found[path] : undefined;
      if (have === undefined) return isNeededHere(entry);
      return have.version !== entry.version || have.integrity !== entry.integrity;
    })
    .map(([path]) => path.slice('node_modules/'.length));
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string | string[], cpu?: string | string[], libc?: string | string[] }} Entry
 */

/**
 * @param {string} file
 * @returns {Record<string, Entry>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * An optional package is needed where it names this system. One that names no system is some other
 * optional package's own dependency, and one for a libc is left unchecked: Node cannot cheaply say
 * which libc it runs on.
 *
 * @param {Entry} entry
 */
function isNeededHere(entry) {
  if (!entry.optional) return true;
  if (entry.libc !== undefined || (entry.os === undefined && entry.cpu === undefined)) return false;
  return permits(entry.os, process.platform) && permits(entry.cpu, process.arch);
}

/**
 * npm's own reading of `os` and `cpu`: one name or several; a name permits, `!name` forbids.
 *
 * @param {string | string[] | undefined} list
 * @param {string} name
 */
function permits(list, name) {
  if (list === undefined) return true;
  const names = Array.isArray(list) ? list : [list];
  if (names.includes(`!${name}`)) return false;
  return names.includes(name) || names.every((each) => each.startsWith('!'));
}

/**
 * @param {string} root
 * @returns {Promise<{ code: number | null, said: string }>}
 */
function npmCi(root) {
  // --include=dev: with NODE_ENV=production npm would leave out what builds the web app.
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, {
      cwd: root,
      // npm must not run on the Node that it is about to delete.
      env: { ...process.env, PATH: withoutOwnBin(root, process.env.PATH ?? '') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', () =>
      reject(
        new MendableError('npm is not on the PATH: install Node with npm from https://nodejs.org.'),
      ),
    );
    child.on('close', (code) => resolve({ code, said }));
  });
}

/**
 * @param {string} root
 * @param {string} path
 */
function withoutOwnBin(root, path) {
  const own = join(root, 'node_modules/.bin');
  return path
    .split(delimiter)
    .filter((folder) => folder !== own)
    .join(delimiter);
}

/** @param {string} said */
export function mendOf(said) {
  const mend = MENDS.find(({ when }) => when.test(said));
  if (mend !== undefined) return mend.say;
  return `npm said:\n${said.trim().split('\n').slice(-12).join('\n')}`;
}

/** @param {number} startedMs */
function secondsSince(startedMs) {
  return Math.round((Date.now() - startedMs) / 1000);
}
