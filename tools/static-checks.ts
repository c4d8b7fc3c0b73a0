// The checks that need no running platform: format and lint, types, rooms, dead code, tidiness.
import { globSync } from 'node:fs';
import { join } from 'node:path';
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

/** One project a workspace and one for tests; two at a time, for the compiler has threads itself. */
async function checkTypes(root: string): Promise<boolean> {
  const patterns = [
    'tsconfig{,.test}.json',
    '{packages,apps}/*/tsconfig{,.test}.json',
    'tests/tsconfig.json',
  ];
  const waiting = globSync(patterns, { cwd: root }).sort();
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

async function tool(root: string, name: string, ...args: readonly string[]): Promise<boolean> {
  return (await runToEnd(join(root, 'node_modules/.bin', name), args, { cwd: root })) === 0;
}
