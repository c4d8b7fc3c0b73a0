// From a fresh clone to the pinned Node: installs what is missing, then hands over to house.ts.
// Runs on Node 20 or newer, before any dependency exists.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './child.mjs';
import { ensureInstalled, MendableError } from './install.mjs';
import { restoreLibraryLinks } from './library-links.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NEEDED_NODE_MAJOR = 24;

/** @param {string[]} args */
export async function main(args) {
  try {
    process.chdir(ROOT);
    await ensureInstalled(ROOT);
    restoreLibraryLinks(ROOT);
    const node = findNode();
    process.exitCode = await runToEnd(node, [join(ROOT, 'tools/house.ts'), ...args], {
      env: { ...process.env, PATH: withBinFirst(process.env.PATH ?? '') },
    });
  } catch (error) {
    if (!(error instanceof MendableError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/**
 * The pinned Node of node_modules where there is one that runs here, else our own if it is new enough.
 * A pinned one may be installed and yet not run: it wants glibc, which Alpine has not.
 */
function findNode() {
  const pinned = join(ROOT, 'node_modules/.bin/node');
  if (existsSync(pinned) && majorOf(pinned) >= NEEDED_NODE_MAJOR) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE_MAJOR) return process.execPath;
  throw new MendableError(
    `Ausculta runs on Node ${NEEDED_NODE_MAJOR} or newer, which npm could not bring for ` +
      `${process.platform}-${process.arch}, and this is Node ${process.versions.node}: install Node ` +
      `${NEEDED_NODE_MAJOR} from https://nodejs.org and run the same command again.`,
  );
}

/** @param {string} node */
function majorOf(node) {
  const answer = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)\./.exec(answer.stdout ?? '')?.[1] ?? 0);
}

/**
 * Programs that begin with `#!/usr/bin/env node` must meet the pinned Node too.
 *
 * @param {string} path
 */
function withBinFirst(path) {
  return [join(ROOT, 'node_modules/.bin'), path].join(delimiter);
}
