/** Programs that we did not write, from Debian's own packages where they can be had. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

const INSTALL_WITHIN_MS = 90_000;

interface Peers {
  readonly packages: readonly string[];
  /** What is missing without them: "foreign MQTT clients". */
  readonly what: string;
  readonly isThere: () => boolean;
}

/** Undefined when they are there; else why they are not. Installs them where nobody is asked. */
export function installPeers({ packages, what, isThere }: Peers): string | undefined {
  if (isThere()) return undefined;
  const asRoot = privilege();
  const byHand = `install ${packages.join(' and ')} to try it`;
  if (!isDebian() || asRoot === undefined) return `no ${what} here: ${byHand}`;
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  for (const step of [['update'], install]) {
    const [program = '', ...args] = [...apt, ...step];
    const { status } = spawnSync(program, args, { stdio: 'ignore', timeout: INSTALL_WITHIN_MS });
    if (status !== 0) return `apt-get ${step[0]} failed: ${byHand}`;
  }
  return isThere() ? undefined : `apt-get installed no ${what}: ${byHand}`;
}

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
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

/** Runs a client to its end. */
export async function runPeer(
  program: string,
  args: readonly string[],
  input = '',
): Promise<Outcome> {
  const child = spawn(program, args, { stdio: 'pipe', timeout: 20_000 });
  // It may end without having read all that it was given, or any.
  child.stdin.on('error', () => undefined);
  let output = '';
  child.stdout.on('data', (bytes) => (output += String(bytes)));
  child.stderr.on('data', (bytes) => (output += String(bytes)));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: code as number | null, output };
}
