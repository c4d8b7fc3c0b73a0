/** A watchdog on another host (safety S14): a test alarm goes the whole way, and if it does not arrive somebody is called. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Status } from '@ausculta/contract/status';
import { listenTo } from './support/live-listener.ts';
import {
  type Program,
  runCommand,
  runWatchdog,
  type ServerProcess,
  sendSignal,
  startServerProcess,
} from './support/program.ts';
import { eventually, freePorts } from './support/server.ts';
import { SECRET, type Technician, technicianOnCall } from './support/technician.ts';

describe('a watchdog', () => {
  let dataDir: string;
  let ports: Record<string, string>;
  let running: ServerProcess;
  let technician: Technician;
  let watchdog: Program | undefined;

  const partOf = async () => {
    const { parts } = await running.server.get<Status>('/api/status');
    return parts.find(({ name }) => name === 'watchdog');
  };
  const callWith = (words: RegExp, from: number) =>
    eventually(
      `a call with ${words}`,
      () => technician.calls.slice(from).find(({ text }) => words.test(text)),
      60_000,
    );

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ausculta-watchdog-'));
    const [http = 0, mqtt = 0] = await freePorts(2);
    ports = { AUSCULTA_HTTP_PORT: String(http), AUSCULTA_MQTT_PORT: String(mqtt) };
    running = await startServerProcess(dataDir, ports);
    technician = await technicianOnCall();
  });
  after(async () => {
    watchdog?.child.kill('SIGKILL');
    await running[Symbol.asyncDispose]();
    await technician[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('is enrolled beside a running server, which says at once that it is there', async () => {
    assert.equal(await partOf(), undefined, 'nobody has enrolled one');
    const enrolled = await runCommand(['watchdog-enrol', '--json'], { AUSCULTA_DATA_DIR: dataDir });
    assert.equal(enrolled.code, 0, enrolled.output.stderr);
    const said = JSON.parse(enrolled.output.stdout) as { watchdogEnrolled: { token: string } };
    const [token, secret] = [join(dataDir, 'dog-token'), join(dataDir, 'dog-secret')];
    await writeFile(token, `${said.watchdogEnrolled.token}\n`);
    await writeFile(secret, SECRET);
    watchdog = runWatchdog({
      AUSCULTA_URL: running.server.url,
      AUSCULTA_MQTT_URL: `mqtt://127.0.0.1:${ports['AUSCULTA_MQTT_PORT']}`,
      AUSCULTA_WATCHDOG_TOKEN_FILE: token,
      AUSCULTA_WATCHDOG_HOOK_SECRET_FILE: secret,
      AUSCULTA_WATCHDOG_EVERY_S: '0.5',
      ...technician.settings,
    });
    const part = await eventually('a look', async () => {
      const here = await partOf();
      return here?.detail.startsWith('alarms arrived') === true ? here : undefined;
    });
    assert.match(part.detail, /^alarms arrived within \d+ ms, \d+ s ago$/);
    assert.notEqual(part.attention, true);
  });

  test('is told to every screen; its canary is in no list of anybody’s', async () => {
    const { server } = running;
    const headers = { authorization: `Bearer ${server.token}` };
    const screen = listenTo({ url: server.url, subjects: [], headers });
    const told = await eventually('the word of it', () =>
      screen.notices.find((notice) => notice.type === 'watchdog' && notice.checkedMs !== null),
    );
    screen.close();
    assert.ok(told.type === 'watchdog' && told.isEnrolled);
    const { subjects } = await server.get<{ subjects: unknown[] }>('/api/subjects');
    assert.deepEqual(subjects, []);
    const { alarms } = await server.get<{ alarms: unknown[] }>('/api/alarms?state=all');
    assert.deepEqual(alarms, []);
    await assert.rejects(server.post('/api/watchdog/checks', { tookMs: 1 }), /403 .*NOT_PERMITTED/);
  });

  test('says on every screen what it finds; its token opens nothing of the platform', async () => {
    const { server } = running;
    const token = (await readFile(join(dataDir, 'dog-token'), 'utf8')).trim();
    const as = (bearer: string) => ({
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
    });
    const post = (path: string, body: object) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: as(token),
        body: JSON.stringify(body),
      });
    const screen = listenTo({ url: server.url, subjects: [], headers: as(server.token) });
    await eventually('the word of it', async () => {
      assert.equal((await post('/api/watchdog/checks', { stuckAt: 'alarm' })).status, 204);
      return screen.notices.find((notice) => notice.type === 'watchdog' && notice.isStuck);
    });
    screen.close();
    assert.equal((await post('/api/watchdog/checks', { stuckAt: 'home' })).status, 400);
    assert.equal((await post('/api/keys/rotation', {})).status, 403);
  });

  test('calls when the database stands still, until somebody has taken the call, and when alarms arrive again', async () => {
    technician.answer = 503;
    for (const pid of running.postgresPids()) sendSignal(pid, 'SIGSTOP');
    await eventually(
      'a mail',
      () => technician.mails().find((subject) => /do not arrive$/.test(subject)),
      60_000,
    );
    for (const pid of running.postgresPids()) sendSignal(pid, 'SIGCONT');
    technician.answer = 200;
    const again = await callWith(/arrive again/, 0);
    assert.equal(again.subject, 'Ausculta: alarms arrive again');
    assert.doesNotMatch(JSON.stringify(technician.calls), /Canary|canary/);
  });

  test('calls when the server has died, goes on beating, and finds it again', async () => {
    const [calls, beats] = [technician.calls.length, technician.beats()];
    await running.kill();
    const call = await callWith(/does not answer/, calls);
    assert.equal(call.subject, 'Ausculta: alarms do not arrive');
    await eventually('its own heart', () => (technician.beats() > beats + 2 ? true : undefined));
    running = await startServerProcess(dataDir, ports);
    const awaited = await partOf();
    assert.ok(awaited !== undefined, 'a server that had a watchdog misses it');
    await callWith(/arrive again/, calls);
    await eventually('a look', async () =>
      (await partOf())?.detail.startsWith('alarms arrived') === true ? true : undefined,
    );
  });

  test('ends when it is asked to', async () => {
    assert.ok(watchdog !== undefined);
    watchdog.child.kill('SIGTERM');
    assert.equal(await watchdog.ended, 0, watchdog.output.stdout + watchdog.output.stderr);
  });
});
