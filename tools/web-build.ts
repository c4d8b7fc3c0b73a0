// Builds the web app when its sources are newer than what was built.
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './child.mjs';

/** What the build is made of: the app itself and the packages that it draws in. */
const SOURCES = [
  'apps/web/{src,public}/**/*',
  'apps/web/*.{html,ts,json}',
  'packages/*/src/**/*.ts',
  'package-lock.json',
];

export async function ensureWebBuilt(root: string): Promise<boolean> {
  const config = join(root, 'apps/web/vite.config.ts');
  if (!existsSync(config) || !isStale(root)) return true;
  process.stdout.write('→ web app: building\n');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--logLevel', 'warn'];
  const code = await runToEnd(process.execPath, args, { cwd: join(root, 'apps/web') });
  if (code !== 0) process.stderr.write('The web app could not be built: see the lines above.\n');
  return code === 0;
}

function isStale(root: string): boolean {
  const built = join(root, 'apps/web/dist/index.html');
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  const sources = globSync(SOURCES, { cwd: root });
  return sources.some((path) => !isTest(path) && statSync(join(root, path)).mtimeMs > builtMs);
}

function isTest(path: string): boolean {
  return /\.(test|long|bench)\.tsx?$/.test(path);
}
