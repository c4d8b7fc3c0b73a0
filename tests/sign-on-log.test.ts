/** What an operator reads in the log when signing on elsewhere fails: why, and nobody's name. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { providerList, startForeignProvider } from './support/foreign-provider.ts';
import { startServerProcess } from './support/program.ts';
import { eventually, freePorts, temporaryDirectory } from './support/server.ts';
import { TravellingBrowser } from './support/signing-on.ts';

test('the log names the code of a refusal, and not what the provider has written', async () => {
  const dataDir = await temporaryDirectory();
  const [port = 0] = await freePorts(1);
  const home = `http://127.0.0.1:${port}`;
  await using provider = await startForeignProvider([`${home}/api/sign-on/mistyped/back`]);
  const file = join(dataDir, 'mistyped');
  await writeFile(file, 'another secret than the provider has');
  const { issuer } = provider;
  const list = await providerList(dataDir, [
    { name: 'mistyped', issuer, credentials: { kind: 'secret', file } },
    { name: 'away', issuer: 'http://127.0.0.1:9' },
  ]);
  await using running = await startServerProcess(dataDir, {
    ...{ AUSCULTA_HTTP_PORT: String(port), AUSCULTA_PUBLIC_URL: home },
    AUSCULTA_SIGN_ON: list,
  });
  const logged = async (what: string, from = 0) =>
    await eventually(`a line about ${what}`, () => {
      const lines = running.program.output.stderr.slice(from).split('\n').slice(0, -1);
      const told = lines.map((line) => JSON.parse(line) as { step: string; error: string });
      return told.find(({ step }) => step === what)?.error;
    });

  provider.person = { sub: 'joy' };
  assert.match(await new TravellingBrowser(home).signOn('mistyped'), /said=refused$/);
  assert.equal(await logged('redeem a sign-on'), 'code invalid_client');

  const begun = await new TravellingBrowser(home).ask('/api/sign-on/away/begin', {
    ...{ method: 'POST', json: {} },
  });
  assert.equal(begun.status, 503);
  assert.equal(await logged('reach a provider of accounts'), 'code unreachable');
  assert.doesNotMatch(running.program.output.stderr, /joy|another secret/i);
});
