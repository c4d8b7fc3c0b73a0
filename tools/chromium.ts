// Finds the Chromium that browser tests drive, and installs it where we may.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runToEnd } from './child.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export function findChromium(): string | undefined {
  const named = process.env.AUSCULTA_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...places, ...MAC_PLACES].find(isExecutable);
}

/** Debian's own package, where we are root or sudo asks nothing; else the reason why not. */
export async function installChromium(): Promise<string | { readonly why: string }> {
  // Ubuntu's package of that name is a snap in disguise, which does not run in a container.
  if (!isDebian()) return { why: 'no Chromium found: install it or set AUSCULTA_CHROMIUM' };
  const asRoot = privilege();
  if (asRoot === undefined) {
    return {
      why: 'no Chromium found: run `sudo apt-get install chromium` or set AUSCULTA_CHROMIUM',
    };
  }
  process.stdout.write('\n→ Chromium: installing with apt-get\n');
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  const install = ['install', '--yes', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'];
  for (const step of [['update'], install]) {
    const [program = '', ...args] = [...asRoot, ...quiet, ...step];
    const code = await runToEnd(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (code !== 0) return { why: `no Chromium found, and apt-get ${step[0]} failed` };
  }
  return findChromium() ?? { why: 'apt-get installed no Chromium' };
}

function isDebian(): boolean {
  const release = '/etc/os-release';
  return existsSync(release) && /^ID=debian$/m.test(readFileSync(release, 'utf8'));
}

/** The words to put before a command that needs root; undefined where there is no way. */
function privilege(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
