/** A lost password and a token in other hands: mended by whoever owns the data, while the server works. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand, startServerProcess } from './support/program.ts';
import { eventually, temporaryDirectory } from './support/server.ts';

const PASSWORD = 'correct horse battery staple';

test('a lost password is chosen anew by a link and its sessions end; a token that is renewed opens nothing', async () => {
  const dataDir = await temporaryDirectory();
  const settings = { AUSCULTA_DATA_DIR: dataDir };
  await using running = await startServerProcess(dataDir);
  const { url } = running.server;
  const json = { 'content-type': 'application/json' };
  const signIn = (loginName: string, password: string) =>
    fetch(`${url}/api/session`, {
      ...{ method: 'POST', headers: json },
      body: JSON.stringify({ loginName, password }),
    });
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(`${url}/api/subjects`, { headers })).status;
  /** The server believes for some seconds what it has just looked at. */
  const refused = (what: string, headers: Record<string, string>) =>
    eventually(what, async () => ((await statusWith(headers)) === 401 ? true : undefined));
  const reset = async (name: string) => {
    const { code, output } = await runCommand(['login-reset', name, '--json'], settings);
    assert.equal(code, 0, output.stderr);
    const { loginReset } = JSON.parse(output.stdout) as { loginReset: { url: string } };
    return loginReset.url;
  };
  const comeIn = async (link: string) =>
    await fetch(`${url}/api/sign-in-link`, {
      ...{ method: 'POST', headers: json },
      body: JSON.stringify({ token: link.split('/welcome#')[1], password: PASSWORD }),
    });

  // It is written after the word that the server is ready.
  const printed = await eventually('the link', () =>
    /administrator, admin, at (\S+\/welcome#\S+) /.exec(running.program.output.stdout)?.at(1),
  );
  const signedIn = await comeIn(printed);
  assert.equal(signedIn.status, 204, 'the link that the first start has printed');
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  assert.equal(await statusWith({ cookie }), 200);
  assert.equal((await signIn('admin', PASSWORD)).status, 204);
  const link = await reset('admin');
  await refused('the session ends', { cookie });
  assert.equal((await signIn('admin', PASSWORD)).status, 401);
  assert.equal((await comeIn(link)).status, 204);
  assert.equal((await signIn('admin', PASSWORD)).status, 204);
  const unknown = await runCommand(['login-reset', 'nobody'], settings);
  assert.equal(unknown.code, 1);
  assert.match(unknown.output.stderr, /There is no login "nobody" here/);

  const tokenNow = async () => (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const leaked = await tokenNow();
  assert.equal(await statusWith(bearer(leaked)), 200);
  assert.equal((await runCommand(['token-renew'], settings)).code, 0);
  const renewed = await tokenNow();
  await refused('the token in other hands', bearer(leaked));
  assert.equal(await statusWith(bearer(renewed)), 200);
  assert.equal((await runCommand(['token-renew', '--all=true'], settings)).code, 0);
  await refused('all tokens', bearer(renewed));
  assert.equal(await statusWith(bearer(await tokenNow())), 200);
});
