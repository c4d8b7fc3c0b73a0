/** MQTT clients that we did not write, from Debian's own packages where they can be had. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

const PACKAGES = ['mosquitto-clients', 'python3-paho-mqtt'];
const MOSQUITTO = 'mosquitto_pub';
const INSTALL_WITHIN_MS = 90_000;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Undefined when the clients are there; else why they are not. Installs them where nobody is asked. */
export function missingPeers(): string | undefined {
  if (arePeersThere()) return undefined;
  const asRoot = privilege();
  const byHand = `install ${PACKAGES.join(' and ')} to try it`;
  if (!isDebian() || asRoot === undefined) return `no foreign MQTT clients here: ${byHand}`;
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  const install = ['install', '--yes', '--no-install-recommends', ...PACKAGES];
  for (const step of [['update'], install]) {
    const [program = '', ...args] = [...apt, ...step];
    const { status } = spawnSync(program, args, { stdio: 'ignore', timeout: INSTALL_WITHIN_MS });
    if (status !== 0) return `apt-get ${step[0]} failed: ${byHand}`;
  }
  return arePeersThere() ? undefined : `apt-get installed no MQTT clients: ${byHand}`;
}

/** The first may be another than Debian's, which its package is for. */
const PYTHONS = ['python3', '/usr/bin/python3'];

function arePeersThere(): boolean {
  const mosquitto = spawnSync(MOSQUITTO, ['--help'], { stdio: 'ignore' });
  return mosquitto.error === undefined && pythonWithPaho() !== undefined;
}

export function pythonWithPaho(): string | undefined {
  const asks = ['-c', 'import paho.mqtt.client'];
  return PYTHONS.find((python) => spawnSync(python, asks, { stdio: 'ignore' }).status === 0);
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
  let output = '';
  child.stdout.on('data', (bytes) => (output += String(bytes)));
  child.stderr.on('data', (bytes) => (output += String(bytes)));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: code as number | null, output };
}
