// dependency-cruiser passes happily when it sees nothing: TypeScript 7 gives it no syntax trees, and
// without @swc/core it would find no module at all. So we ask what it saw.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finding } from './source-file.ts';

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: { readonly violations: readonly Violation[] };
}

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** Runs the cruiser with our rules over `folder` and answers with all that it says. */
export function cruise(root: string, folder: string): Cruise {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const args = [program, '--config', config, '--output-type', 'json', 'packages', 'apps'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  // It exits with the number of broken rules, so silence is the only sign that it fell over itself.
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Cruise;
}

export function findUnseen(
  paths: readonly string[],
  { modules }: Pick<Cruise, 'modules'>,
): Finding[] {
  const seen = new Set(modules.map(({ source }) => source));
  return paths
    .filter((path) => /^(packages|apps)\//.test(path) && !seen.has(path))
    .map((path) => `${path} was not seen by dependency-cruiser`);
}
