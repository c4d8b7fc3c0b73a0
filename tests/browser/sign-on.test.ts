/** Signing on by a provider elsewhere, at the screen: in by a link and by the button, a locked screen, My account. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SignInLink } from '@ausculta/contract/accounts';
import type { ClientView } from '@ausculta/contract/clients';
import { type Browser, chromium, type Page } from 'playwright-core';
import {
  type ForeignProvider,
  providerList,
  startForeignProvider,
  withClaims,
} from '../support/foreign-provider.ts';
import { type ServerProcess, startServerProcess } from '../support/program.ts';
import { judge } from '../support/screens.ts';
import { freePorts } from '../support/server.ts';

let dataDir: string;
let provider: ForeignProvider;
let running: ServerProcess;
let browser: Browser;
let page: Page;
let home: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ausculta-sign-on-'));
  const [port = 0] = await freePorts(1);
  home = `http://localhost:${port}`;
  provider = await startForeignProvider(
    ['hospital', 'quiet'].map((name) => `${home}/api/sign-on/${name}/back`),
  );
  const list = await providerList(dataDir, [
    { name: 'hospital', issuer: provider.issuer },
    { name: 'quiet', issuer: provider.issuer, label: 'Quiet account', asks: 'never' },
    { name: 'away', issuer: 'http://127.0.0.1:9', label: 'The other' },
  ]);
  const place = { AUSCULTA_HTTP_PORT: String(port), AUSCULTA_PUBLIC_URL: home };
  running = await startServerProcess(dataDir, { AUSCULTA_SIGN_ON: list, ...place });
  browser = await chromium.launch({
    executablePath: process.env['AUSCULTA_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(
    "localStorage.setItem('ausculta.preferences', JSON.stringify({ noticeRead: true }))",
  );
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

test('whoever is linked to no account is told so, and that there are other ways in', async () => {
  provider.person = { sub: 'joy' };
  await page.goto(`${home}/patients`);
  await page.getByRole('button', { name: 'Sign in with Hospital account' }).click();
  await page.getByText('Your account there is linked to none here.').waitFor();
  assert.match(page.url(), /said=not-linked&next=%2Fpatients$/);
  await judge(page, 'sign-on-not-linked');
});

test('a provider that is away is said to be', async () => {
  await page.getByRole('button', { name: 'Sign in with The other' }).click();
  await page.getByText('The other cannot be reached now. Use your password').waitFor();
});

test('the link of an administrator is followed without a password', async () => {
  const wanted = { loginName: 'joy', displayName: 'Joy Okafor', roles: ['nurse'] };
  const { path } = await running.server.post<SignInLink>('/api/accounts', wanted);
  await page.goto(`${home}${path}`);
  await judge(page, 'sign-on-welcome');
  await page.getByRole('button', { name: 'No password: use Hospital account' }).click();
  await page.getByRole('main', { name: 'My account' }).waitFor();
  await page.getByText('with an account of elsewhere').waitFor();
  await judge(page, 'sign-on-account');
});

test('a locked screen is unlocked in a window beside, and goes on meanwhile', async () => {
  await page.request.post(`${home}/api/session/lock`, { headers: { origin: home } });
  await page.reload();
  await page.getByRole('main', { name: 'Locked' }).waitFor();
  const ofOthers = page.getByRole('button', { name: 'Use The other' });
  await page.getByRole('button', { name: 'Use Hospital account' }).waitFor();
  assert.equal(await ofOthers.count(), 0, 'she is not linked there');
  const beside = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Use Hospital account' }).click();
  await beside;
  await page.getByRole('main', { name: 'My account' }).waitFor();
});

test('the last way in is not taken away, and the button opens the account', async () => {
  await page.getByRole('button', { name: 'Unlink Hospital account' }).click();
  await page.getByText('Nothing has changed.').waitFor();
  await page.request.delete(`${home}/api/session`, { headers: { origin: home } });
  await page.goto(`${home}/patients`);
  await page.getByRole('button', { name: 'Sign in with Hospital account' }).click();
  await page.waitForURL(`${home}/patients`);
});

test('whoever was not asked who they are lets no app in that writes, until they prove it on that page', async () => {
  provider.bend = withClaims(provider, ({ auth_time: _, ...claims }) => claims);
  await page.request.delete(`${home}/api/session`, { headers: { origin: home } });
  await page.goto(`${home}/patients`);
  await page.getByRole('button', { name: 'Sign in with Quiet account' }).click();
  await page.waitForURL(`${home}/patients`);
  provider.bend = undefined;
  const scope = 'user/Condition.crs';
  const app = { kind: 'app', name: 'Round list', redirectUris: [], scope };
  const { id } = await running.server.post<ClientView>('/api/clients', app);
  const body = new URLSearchParams({ client_id: id, scope });
  const asked = await fetch(`${home}/oidc/device-authorization`, { method: 'POST', body });
  const { user_code: code } = (await asked.json()) as { user_code: string };
  await page.goto(`${home}/oidc/device?user_code=${code}`);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Let it in', exact: true }).click();
  const proof = page.getByRole('region', { name: 'Is it still you?' });
  await proof.waitFor();
  await judge(page, 'app-asks-for-proof');
  await proof.getByRole('button', { name: 'Use Hospital account' }).click();
  await page.getByText('“Round list” goes on, on its own screen.').waitFor();
});
