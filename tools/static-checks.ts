// The checks that need no running platform: format and lint, types, rooms, dead code, tidiness.
import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runToEnd } from './child.mjs';
import type { Steps } from './steps.ts';
import { runTidy } from './test-runs.ts';

export async function runStatic(steps: Steps): Promise<void> {
  const { root } = steps;
  await steps.run('format and lint', () => tool(root, 'biome', 'check', '--error-on-warnings'));
  await steps.run('types', () => checkTypes(root));
  await steps.run('rooms', () => tool(root, 'depcruise', ...CRUISE));
  await steps.run('dead code', () => tool(root, 'knip', '--no-progress'));
  await runTidy(steps);
}

const CRUISE = ['--config', '.dependency-cruiser.mjs', 'packages', 'apps'];

/** One project a workspace and one for its tests; two at a time, for the compiler has threads itself. */
async function checkTypes(root: string): Promise<boolean> {
  const projects = globSync(
    ['tsconfig.json', '{packages,apps}/*/tsconfig{,.test}.json', 'tests/tsconfig.json'],
    {
      cwd: root,
    },
  ).filter((project) => hasSources(join(root, dirname(project))));
  const waiting = projects.sort();
  let passed = true;
  const worker = async () => {
    for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
      const ok = await tool(root, 'tsc', '--project', project);
      passed &&= ok;
    }
  };
  await Promise.all([worker(), worker()]);
  return passed;
}

/** The compiler calls a project without files an error; a room that is still empty is none. */
function hasSources(folder: string): boolean {
  const isRoom =
    existsSync(join(folder, 'package.json')) && folder.match(/(packages|apps)\/[^/]+$/);
  const pattern = isRoom ? 'src/**/*.{ts,tsx}' : '*/*.ts';
  return globSync(pattern, { cwd: folder }).length > 0;
}

async function tool(root: string, name: string, ...args: readonly string[]): Promise<boolean> {
  return (await runToEnd(join(root, 'node_modules/.bin', name), args, { cwd: root })) === 0;
}
