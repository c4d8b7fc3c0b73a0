/**
 * An app of somebody else in a real browser (fhirclient): it is opened by itself, asks the person, reads what it
 * was given, goes on with its refresh token; and it is opened from the workspace for a patient.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ClientView } from '@ausculta/contract/clients';
import { type Browser, chromium, type Page } from 'playwright-core';
import { addPerson, PASSWORD } from '../support/person.ts';
import { type ServerProcess, startServerProcess } from '../support/program.ts';
import { judge } from '../support/screens.ts';
import { eventually, type TestDevice } from '../support/server.ts';

const LIBRARY = join(
  dirname(createRequire(import.meta.url).resolve('fhirclient/package.json')),
  'build/fhir-client.js',
);

let dataDir: string;
let running: ServerProcess;
let browser: Browser;
let page: Page;
let app: Server;
let home: string;
let address: string;
let client: ClientView;
let ada: TestDevice;

const SCOPE =
  'launch/patient openid fhirUser offline_access patient/Patient.rs patient/Observation.rs?category=vital-signs';

/** Where it begins: by itself, or with what the workspace has sent along. */
const launchPage =
  () => `<!doctype html><title>Growth chart</title><script src="/fhir-client.js"></script>
<script>
  FHIR.oauth2.authorize({
    clientId: ${JSON.stringify(client.id)}, redirectUri: '/back', pkceMode: 'required',
    ...(new URLSearchParams(location.search).has('launch')
      ? { scope: 'launch openid fhirUser patient/*.rs' }
      : { scope: ${JSON.stringify(SCOPE)}, iss: ${JSON.stringify(`${address}/fhir/R4`)} }),
  });
</script>`;

const BACK_PAGE = `<!doctype html><title>Growth chart</title><script src="/fhir-client.js"></script><pre></pre>
<script>
  (async () => {
    const client = await FHIR.oauth2.ready();
    const patient = await client.patient.read();
    const found = await client.request('Observation?patient=' + client.patient.id + '&code=8867-4');
    const steps = await client.request('Observation?patient=' + client.patient.id + '&code=55423-8');
    const { tokenResponse } = client.state;
    const refreshed = tokenResponse.refresh_token === undefined ? undefined
      : (await client.refresh()).tokenResponse.refresh_token !== tokenResponse.refresh_token;
    const again = await client.request('Patient/' + client.patient.id);
    document.querySelector('pre').textContent = JSON.stringify({
      name: patient.name[0].family, values: (found.entry ?? []).length, steps: (steps.entry ?? []).length,
      fhirUser: client.user.fhirUser, banner: tokenResponse.need_patient_banner, refreshed, again: again.id,
    });
  })().catch((error) => { document.querySelector('pre').textContent = 'refused: ' + error.message; });
</script>`;

const PAGES: Readonly<Record<string, () => [type: string, body: string]>> = {
  '/launch': () => ['text/html', launchPage()],
  '/back': () => ['text/html', BACK_PAGE],
  '/fhir-client.js': () => ['text/javascript', readFileSync(LIBRARY, 'utf8')],
};

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ausculta-smart-'));
  running = await startServerProcess(dataDir);
  const { server } = running;
  address = `http://127.0.0.1:${server.httpPort}`;
  app = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const [type, body] = PAGES[path]?.() ?? ['text/plain', ''];
    response.setHeader('content-type', type);
    response.end(body);
  });
  await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening));
  home = `http://localhost:${(app.address() as AddressInfo).port}`;
  client = await server.post<ClientView>('/api/clients', {
    ...{ kind: 'app', name: 'Growth chart', redirectUris: [`${home}/back`] },
    ...{ scope: `launch ${SCOPE} patient/*.rs`, launchUrl: `${home}/launch` },
  });
  ada = await server.addPatient('Ada');
  await server.addPatient('Ben');
  const values = { 'heart-rate': 61, steps: 4 };
  await server.send(ada, JSON.stringify({ time: Date.now() - 2_000, values }));
  await eventually('the reading', async () =>
    (await server.readings(ada.subjectId, 'heart-rate')).length === 1 ? true : undefined,
  );
  await addPerson(server, 'joy', ['physician', 'nurse']);
  browser = await chromium.launch({
    executablePath: process.env['AUSCULTA_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(60_000);
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  app?.close();
  await running?.[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

test('an app that is opened by itself reads what the person ticked, of whom they chose', async () => {
  await page.goto(`${home}/launch`);
  await page.waitForURL(/\/sign-in/);
  await page.getByLabel('Login name').fill('joy');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Let “Growth chart” in?' }).waitFor();
  assert.ok(
    await page.getByRole('button', { name: 'Let it in', exact: true }).isDisabled(),
    'for nobody yet',
  );
  await page.getByLabel('See vital signs').waitFor();
  await judge(page, 'app-decision');
  await page.getByRole('radio', { name: /^Ada/ }).check();
  await page.getByRole('button', { name: 'Let it in', exact: true }).click();
  const told = await answer(page);
  assert.deepEqual(told, {
    ...{ name: 'Ada', values: 1, steps: 0, banner: true, refreshed: true, again: ada.subjectId },
    fhirUser: told.fhirUser,
  });
  assert.match(told.fhirUser, /^Practitioner\/[0-9a-f-]{36}$/);
});

test('what the person leaves out is not given, and who says no gives nothing', async () => {
  await page.goto(`${home}/launch`);
  await page.getByRole('radio', { name: /^Ada/ }).check();
  await page.getByLabel('See name, birth date, address').uncheck();
  await page.getByRole('button', { name: 'Let it in', exact: true }).click();
  await page.waitForURL(`${home}/back**`);
  await page.getByText(/^refused:/).waitFor();
  await page.goto(`${home}/launch`);
  await page.getByRole('button', { name: 'Do not let it in' }).click();
  await page.getByText(/^refused:.*did not let the app in/).waitFor();
});

test('the workspace opens an app for its patient, on a page of its own', async () => {
  await page.goto(`${address}/patients/${ada.subjectId}`);
  const opened = page.context().waitForEvent('page');
  await page.getByRole('button', { name: 'Open Growth chart' }).click();
  const tab = await opened;
  await tab.getByRole('heading', { name: 'Let “Growth chart” in?' }).waitFor();
  await tab.getByText(/^For Ada/).waitFor();
  assert.equal(await tab.getByRole('radio').count(), 0, 'it is said for whom');
  await tab.getByRole('button', { name: 'Let it in', exact: true }).click();
  const told = await answer(tab);
  assert.deepEqual([told.name, told.banner, told.steps], ['Ada', false, 1]);
  await tab.close();
  await page.bringToFront();
});

test('a code on another screen is typed in, and what was let in is shut out again', async () => {
  const screen = await running.server.post<ClientView>('/api/clients', {
    ...{ kind: 'app', name: 'Growth chart', redirectUris: [] },
    scope: 'launch/patient patient/*.rs offline_access',
  });
  const scope = 'launch/patient patient/*.rs offline_access';
  const body = new URLSearchParams({ client_id: screen.id, scope });
  const asked = await fetch(`${address}/oidc/device-authorization`, { method: 'POST', body });
  const { user_code: code } = (await asked.json()) as { user_code: string };
  await page.goto(`${address}/oidc/device?user_code=${code}`);
  await page.waitForURL(/\/device-code$/);
  assert.equal(await page.getByRole('textbox', { name: 'Code' }).inputValue(), code);
  await judge(page, 'device-code');
  await page.getByRole('button', { name: 'Go on' }).click();
  const year = page.getByRole('checkbox', { name: 'Go on when you have signed out' });
  assert.equal(await year.isChecked(), false, 'a year is ticked by whoever gives it');
  const letIn = page.getByRole('button', { name: 'Let it in', exact: true });
  assert.equal(await letIn.isDisabled(), true, 'not before it is said for whom');
  await page.getByRole('radio', { name: /^Ada/ }).check();
  await letIn.click();
  await page.getByText('“Growth chart” goes on, on its own screen.').waitFor();
  await page.goto(`${address}/account`);
  const out = page.getByRole('button', { name: 'Shut out Growth chart' });
  await out.first().waitFor();
  await judge(page, 'apps-let-in');
  const before = await out.count();
  await out.first().click();
  await eventually('one fewer', async () =>
    (await out.count()) === before - 1 ? true : undefined,
  );
});

interface Answer {
  readonly name: string;
  readonly values: number;
  readonly steps: number;
  readonly fhirUser: string;
  readonly banner: boolean;
  readonly refreshed?: boolean;
  readonly again: string;
}

async function answer(of: Page): Promise<Answer> {
  await of.waitForURL(`${home}/back**`);
  await of.locator('pre').filter({ hasText: /./ }).waitFor();
  const text = (await of.locator('pre').textContent()) ?? '';
  assert.match(text, /^\{/);
  return JSON.parse(text) as Answer;
}
