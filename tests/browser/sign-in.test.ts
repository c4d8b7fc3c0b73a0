/** From the link that the first start prints to a passkey, a second factor, a colleague and a locked screen. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { URI } from 'otpauth';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { type ServerProcess, startServerProcess } from '../support/program.ts';
import { judge } from '../support/screens.ts';
import { eventually } from '../support/server.ts';

const PASSWORD = 'correct horse battery staple';

let dataDir: string;
let running: ServerProcess;
let browser: Browser;
let page: Page;
let devtools: CDPSession;
let authenticatorId: string;
let address: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ausculta-sign-in-'));
  running = await startServerProcess(dataDir, { AUSCULTA_IDLE_LOCK_MINUTES: '1' });
  address = `http://localhost:${running.server.httpPort}`;
  browser = await chromium.launch({
    executablePath: process.env['AUSCULTA_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  page = await context.newPage();
  // A phone that its owner unlocks: the other half of a passkey, in the browser itself.
  devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  }));
});

after(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

test('the link that the first start prints lets its administrator in, once', async () => {
  const link = await eventually('the link', () =>
    /at (\S+\/welcome#\S+) /.exec(running.program.output.stdout)?.at(1),
  );
  assert.ok(link.startsWith(address));
  await page.goto(link);
  await page.getByLabel('New password').fill('elevenchars');
  await page.getByLabel('The same again').fill('elevenchars');
  await page.getByRole('button', { name: /sign in/ }).click();
  await page.getByText('At least 12 characters.').waitFor();
  assert.ok(!page.url().includes('#'), 'the secret stands in no address bar');
  await judge(page, 'welcome');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The same again').fill(PASSWORD);
  await page.getByRole('button', { name: /sign in/ }).click();
  await page.getByRole('main', { name: 'My account' }).waitFor();
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await other.getByText('This link opens nothing any more.').waitFor();
  await other.context().close();
});

test('a passkey is added, opens the account without a password, and only to whom it knows', async () => {
  await page.getByLabel('Name of this device').fill('My phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Remove My phone' }).waitFor();
  await signOut();
  await setVerified(false);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForTimeout(300); // the browser's own refusal says nothing
  assert.match(page.url(), /sign-in/);
  await setVerified(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(/\/watch/);
});

test('with a second factor, sign-in asks for a code of the app', async () => {
  await page.goto(`${address}/account`);
  await page.getByRole('button', { name: 'Set up an app' }).click();
  const secret = await page.locator('form[aria-label="Set up an app"] span').first().textContent();
  const app = URI.parse(`otpauth://totp/Ausculta?secret=${secret}`);
  await judge(page, 'second-factor');
  await page.getByLabel('The code that it shows').fill(app.generate());
  await page.getByRole('button', { name: 'Turn it on' }).click();
  const codes = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await codes.first().waitFor();
  assert.equal(await codes.count(), 10);
  const code = (await codes.first().textContent()) ?? '';
  await judge(page, 'account');
  await signOut();
  await page.getByLabel('Login name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Code of your app, or a recovery code').fill('000000');
  await judge(page, 'sign-in');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('The code is wrong').waitFor();
  await page.getByLabel('Code of your app, or a recovery code').fill(code);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/watch/);
});

test('an administrator adds a colleague, who comes in by a link and sees no accounts', async () => {
  await page.getByRole('link', { name: 'Accounts' }).click();
  await page.getByRole('button', { name: 'Add a person' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Joy Okafor');
  await page.getByLabel('Login name').fill('joy');
  await page.getByLabel('Physician').check();
  await page.getByRole('button', { name: 'Add, and make a link' }).click();
  const link = (await page.getByTestId('sign-in-link').textContent()) ?? '';
  await page.getByRole('cell', { name: 'Joy Okafor joy' }).waitFor();
  await judge(page, 'accounts');
  const joy = await (await browser.newContext()).newPage();
  await joy.goto(link);
  await joy.getByText('Welcome, Joy Okafor.').waitFor();
  await joy.getByLabel('New password').fill(PASSWORD);
  await joy.getByLabel('The same again').fill(PASSWORD);
  await joy.getByRole('button', { name: /sign in/ }).click();
  await joy.getByRole('main', { name: 'My account' }).waitFor();
  assert.equal(await joy.getByRole('link', { name: 'Accounts' }).count(), 0);
  await page.getByRole('button', { name: 'Joy Okafor' }).click();
  await page.getByRole('button', { name: /^Take out of use/ }).click();
  await joy.waitForURL(/\/sign-in/);
  await joy.context().close();
});

test('a screen that nobody uses locks itself, stays so when it is loaded again, and opens', async () => {
  await page.clock.install();
  await page.goto(`${address}/watch`);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.clock.runFor(59_000);
  assert.equal(await page.getByRole('main', { name: 'Locked' }).count(), 0);
  await page.clock.runFor(3_000);
  await page.getByRole('main', { name: 'Locked' }).waitFor();
  await page.reload();
  await page.getByRole('main', { name: 'Locked' }).waitFor();
  await page
    .getByText(/no alarms|^0$/i)
    .first()
    .waitFor();
  await judge(page, 'locked');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
});

async function setVerified(isUserVerified: boolean): Promise<void> {
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
}

async function signOut(): Promise<void> {
  await page.getByRole('button', { name: /menu$/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-in/);
}
