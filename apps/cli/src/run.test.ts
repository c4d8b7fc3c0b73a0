import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommandLine } from './run.ts';
import { readTime } from './time.ts';

const NOW_MS = Date.UTC(2026, 2, 1, 12);
const NOBODY = 'http://127.0.0.1:9';

async function run(args: readonly string[], environment: Record<string, string> = {}) {
  let out = '';
  let error = '';
  const exitCode = await runCommandLine({
    args,
    environment: { AUSCULTA_TOKEN: 'token', AUSCULTA_URL: NOBODY, ...environment },
    nowMs: NOW_MS,
    isTerminal: false,
    runOnDatabase: async () => 0,
    readIn: async () => new Uint8Array(),
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
  });
  return { exitCode, out, error };
}

const MISTAKES = [
  { args: ['statuz'], exitCode: 2, says: /no such command.*Known: status/ },
  { args: ['subject'], exitCode: 2, says: /no such command/ },
  { args: ['subject', 'add'], exitCode: 2, says: /NAME is missing.*Usage/ },
  {
    args: ['subject', 'add', 'Ada', 'Lovelace'],
    exitCode: 2,
    says: /put names with blanks in quotes/,
  },
  { args: ['subject', 'add', ''], exitCode: 2, says: /NAME must be/ },
  {
    args: ['subject', 'add', 'Ada', '--category', 'cat'],
    exitCode: 2,
    says: /--category must be adult/,
  },
  {
    args: ['subject', 'add', 'Ada', '--birth-date', '14.3.57'],
    exitCode: 2,
    says: /--birth-date must be/,
  },
  { args: ['device', 'add', 'a/b', '--subject', 'x'], exitCode: 2, says: /ID must be 2 to 64/ },
  { args: ['device', 'add', 'pump-1'], exitCode: 2, says: /--subject S, or --nobody/ },
  { args: ['readings', '--subject', 'x'], exitCode: 2, says: /--metric is missing/ },
  {
    args: ['readings', '--subject', 'x', '--metric', 'mood'],
    exitCode: 2,
    says: /--metric must be a key/,
  },
  {
    args: ['readings', '--subject', 'x', '--metric', 'spo2', '--from', 'yesterday'],
    exitCode: 2,
    says: /--from is no time/,
  },
  {
    args: ['readings', '--subject', 'x', '--metric', 'spo2', '--from', '1h', '--to', '2h'],
    exitCode: 2,
    says: /--from must lie before --to/,
  },
  { args: ['status', '--colour'], exitCode: 2, says: /unknown option '--colour'.*Usage/ },
  { args: ['status'], exitCode: 3, says: /no server answers at http:\/\/127\.0\.0\.1:9: start it/ },
] as const;

for (const { args, exitCode, says } of MISTAKES) {
  test(`"${args.join(' ')}" ends with ${exitCode} and one line that helps`, async () => {
    const result = await run(args);
    assert.equal(result.exitCode, exitCode);
    assert.match(result.error, says);
    assert.equal(result.error.trim().split('\n').length, 1);
    assert.equal(result.out, '');
  });
}

test('help names every command and setting', async () => {
  for (const args of [[], ['--help'], ['readings', '--help']]) {
    const { exitCode, out } = await run(args);
    assert.equal(exitCode, 0);
    for (const word of [
      'status',
      'subject add',
      'device add',
      'readings',
      'alarms',
      'parked',
      'AUSCULTA_URL',
    ]) {
      assert.ok(out.includes(word), word);
    }
  }
});

test('without a token anywhere, the line says where one is looked for', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'ausculta-cli-'));
  const { exitCode, error } = await run(['status'], {
    AUSCULTA_TOKEN: '',
    AUSCULTA_DATA_DIR: empty,
  });
  assert.equal(exitCode, 4);
  assert.match(error, /no administrator's token: set AUSCULTA_TOKEN, or AUSCULTA_DATA_DIR/);
});

test('an address that is none is named as such', async () => {
  const { exitCode, error } = await run(['status'], { AUSCULTA_URL: 'localhost:8080' });
  assert.equal(exitCode, 2);
  assert.match(error, /AUSCULTA_URL is no address/);
});

test('the token of the data directory is sent, and a server that refuses it is told apart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ausculta-cli-'));
  writeFileSync(join(directory, 'admin-token'), 'from-file\n');
  const heard: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization);
    response.writeHead(401).end('{"fault":"CREDENTIALS_REFUSED","why":"No.","retry":"never"}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const { exitCode, error } = await run(['status'], {
    AUSCULTA_TOKEN: '',
    AUSCULTA_DATA_DIR: directory,
    AUSCULTA_URL: `http://127.0.0.1:${port}`,
  });
  server.close();
  assert.deepEqual(heard, ['Bearer from-file']);
  assert.equal(exitCode, 4);
  assert.match(error, /does not take this token/);
});

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

const SUBJECTS = ['one', 'two'].map((id) => ({
  ...{ id, kind: 'patient', category: 'adult', paced: 'no', presence: 'here' },
  identity: { familyName: id, givenName: '', sex: 'unknown', recordNumber: `N-${id}` },
  ...{ devices: [], readingsMoved: [] },
}));

/** What a command asks of a server that knows two patients, and what it says then. */
async function asking(args: readonly string[]) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method, url } = request;
    let body = '';
    for await (const piece of request) body += piece;
    if (method !== 'GET') asked.push({ method, url, body });
    response.end(JSON.stringify(method === 'GET' ? { subjects: SUBJECTS } : {}));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const said = await run(args, { AUSCULTA_URL: `http://127.0.0.1:${port}` });
  server.close();
  return { ...said, asked };
}

test('two records are merged by their numbers, and the answer says how it is undone', async () => {
  const { asked, out, exitCode } = await asking(['subject', 'merge', 'N-one', 'two']);
  const url = '/api/subjects/one/merge';
  assert.deepEqual(asked, [{ method: 'POST', url, body: '{"into":"two"}' }]);
  assert.equal(exitCode, 0);
  assert.match(out, /Merged into N-two\. Undo: ausculta subject unmerge one/);
  const json = await asking(['subject', 'merge', 'one', 'two', '--json']);
  assert.deepEqual(JSON.parse(json.out), { merged: 'one', into: 'two' });
});

test('a merge is taken back', async () => {
  const { asked, out, exitCode } = await asking(['subject', 'unmerge', 'N-one']);
  assert.deepEqual(asked, [{ method: 'POST', url: '/api/subjects/one/unmerge', body: '{}' }]);
  assert.equal(exitCode, 0);
  assert.match(out, /A record of its own again/);
});

for (const args of [
  ['subject', 'merge', 'N-one'],
  ['subject', 'merge', 'N-one', 'N-three'],
  ['subject', 'unmerge', 'three'],
]) {
  test(`${args.join(' ')} asks nothing of the server: somebody is missing`, async () => {
    const { asked, exitCode } = await asking(args);
    assert.deepEqual(asked, []);
    assert.notEqual(exitCode, 0);
  });
}

test('some other web server on the port is no Ausculta', async () => {
  const server = createServer((_, response) => response.writeHead(404).end('<html>'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const { exitCode, error } = await run(['status'], { AUSCULTA_URL: `http://127.0.0.1:${port}` });
  server.close();
  assert.equal(exitCode, 3);
  assert.match(error, /not Ausculta's: check AUSCULTA_URL/);
});

const TIMES = [
  { text: '2026-03-01T08:00:00Z', atMs: Date.UTC(2026, 2, 1, 8) },
  { text: '2026-03-01T08:00:00.250+01:00', atMs: Date.UTC(2026, 2, 1, 7, 0, 0, 250) },
  { text: '2026-03-01', atMs: new Date(2026, 2, 1).getTime() },
  { text: '1767225600000', atMs: 1_767_225_600_000 },
  { text: '15min', atMs: NOW_MS - 900_000 },
  { text: '2h', atMs: NOW_MS - 7_200_000 },
] as const;

for (const { text, atMs } of TIMES) {
  test(`the time "${text}" is understood`, () =>
    assert.equal(readTime('--from', text, NOW_MS), atMs));
}

for (const text of [
  '',
  '2026-02-30',
  '2026-13-01',
  '8 o’clock',
  '2026-03-01T25:00Z',
  '-2h',
  '1e3',
  '3w',
]) {
  test(`"${text}" is no time`, () => {
    assert.throws(() => readTime('--from', text, NOW_MS), /--from is no time/);
  });
}
