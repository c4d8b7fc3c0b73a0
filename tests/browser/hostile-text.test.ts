/** Names, wards and devices that are markup: every page shows them as text, runs nothing of them, and asks nobody else. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { addPerson, type Person } from '../support/person.ts';
import { type ServerProcess, startServerProcess } from '../support/program.ts';
import { eventually, type ServerUnderTest } from '../support/server.ts';

/** Each would call this, were it run. */
const RAN = 'globalThis.scriptOfAnAttackerRan(1)';

const MARKUP = [
  `<script>${RAN}</script>`,
  `<img src=x onerror="${RAN}">`,
  `"><svg onload=${RAN}>`,
  `<iframe srcdoc="<script>parent.${RAN}</script>">`,
  `javascript:${RAN}`,
  `</title><style>@import'https://evil.example'</style>`,
  `{{constructor.constructor('${RAN}')()}}`,
  `<a href="javascript:${RAN}" autofocus onfocus=${RAN}>x</a>`,
];

/** Names have bounds; what is cut off is not shown, and would not run. */
const within = (text: string, max: number): string => text.slice(0, max);

describe('text that is markup', () => {
  let dataDir: string;
  let running: ServerProcess;
  let server: ServerUnderTest;
  let browser: Browser;
  let page: Page;
  let nurse: Person;
  let seen: string[] = [];
  const patients: { id: string; familyName: string }[] = [];
  const devices: { id: string; model: string }[] = [];

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ausculta-markup-'));
    running = await startServerProcess(dataDir);
    server = running.server;
    nurse = await addPerson(server, 'nurse-of-markup', ['administrator', 'nurse', 'physician']);
    await server.post(`/api/shifts`, { accountId: nurse.id, unit: null });
    for (const [i, text] of MARKUP.entries()) {
      const identity = {
        familyName: within(text, 100),
        givenName: within(text, 100),
        ward: within(text, 50),
        bed: within(text, 20),
        invented: true,
      };
      const { id } = await server.post<{ id: string }>('/api/subjects', {
        category: 'adult',
        identity,
      });
      const device = {
        id: `markup-${i}`,
        subjectId: id,
        model: within(text, 100),
        about: { manufacturer: within(text, 100), serialNumber: within(text, 100) },
      };
      const { token } = await server.post<{ token: string }>('/api/devices', device);
      patients.push({ id, familyName: identity.familyName });
      devices.push({ id: device.id, model: device.model });
      await server.post('/api/accounts', {
        loginName: within(`markup ${i} ${text}`, 100),
        displayName: text,
        roles: ['nurse'],
      });
      const worn = { id: device.id, token, subjectId: id };
      for (const rate of [190, 191, 192])
        await server.send(worn, JSON.stringify({ values: { 'heart-rate': rate } }));
      await server.send(worn, JSON.stringify({ values: { [text]: 1 } }));
      await server.send(
        worn,
        JSON.stringify({ events: [{ kind: 'button', time: Date.now() }] }),
        'events',
      );
    }
    await eventually('an alarm', async () => (await server.alarms(patients[0]?.id ?? ''))[0]);
    browser = await chromium.launch({
      executablePath: process.env['AUSCULTA_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(60_000);
    page = await watchedPage(context);
  });
  after(async () => {
    await browser?.close();
    await running?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function watchedPage(context: BrowserContext): Promise<Page> {
    const [name = '', value = ''] = nurse.headers['cookie']?.split('=') ?? [];
    await context.addCookies([{ name, value, url: server.url }]);
    await context.exposeFunction('scriptOfAnAttackerRan', () => seen.push('a script ran'));
    await context.exposeFunction('policyWasBroken', (what: string) => seen.push(`policy: ${what}`));
    await context.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
      globalThis.policyWasBroken(event.violatedDirective + ' ' + event.blockedURI))`);
    const opened = await context.newPage();
    opened.on('dialog', (dialog) => {
      seen.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    opened.on('pageerror', (error) => seen.push(`an error: ${error.message}`));
    opened.on('request', (request) => {
      if (
        new URL(request.url()).origin !== new URL(server.url).origin &&
        !request.url().startsWith('data:')
      )
        seen.push(`asks ${request.url()}`);
    });
    return opened;
  }

  /** Goes there, and waits until all of these are on the page, as text. */
  async function shows(path: string, texts: readonly string[]): Promise<void> {
    await page.goto(`${server.url}${path}`);
    for (const text of texts) await page.getByText(text).first().waitFor();
    const added = await page
      .locator('body iframe, body [onerror], body [onload], body [onfocus], a[href^="javascript:"]')
      .count();
    assert.equal(added, 0, `${path}: no element was made of it`);
    assert.deepEqual(seen, [], path);
  }

  test('is text in the list of patients and on the wall of the ward', async () => {
    const names = patients.map(({ familyName }) => familyName);
    await shows('/patients', names);
    await shows('/watch', names.slice(0, 2));
  });

  test('is text on the page of each patient', async () => {
    for (const { id, familyName } of patients) await shows(`/patients/${id}`, [familyName]);
  });

  test('is text among devices and accounts', async () => {
    await shows(
      '/devices',
      devices.map(({ id }) => id),
    );
    for (const { id, model } of devices) await shows(`/devices/${id}`, [id, model]);
    await shows('/accounts', MARKUP);
  });

  test('is nothing in an address, before and after somebody has signed in', async () => {
    for (const text of MARKUP) {
      const encoded = encodeURIComponent(text);
      await page.goto(`${server.url}/patients/${encoded}?next=${encoded}#${encoded}`);
      await page.goto(`${server.url}/welcome#${encoded}`);
    }
    assert.deepEqual(seen, []);
  });

  test('is not even run where a page would be made of it: the policy of each page forbids it', async () => {
    await page.goto(`${server.url}/api/docs`);
    await page.getByText('openapi.json').first().waitFor();
    assert.deepEqual(seen, [], 'the description of the API asks for nothing');
    seen = [];
    await page.evaluate((markup) => {
      document.body.insertAdjacentHTML('beforeend', markup);
    }, MARKUP[1] ?? '');
    await eventually('the policy', () => (seen.length > 0 ? true : undefined));
    assert.ok(
      seen.every((what) => what.startsWith('policy: script-src')),
      seen.join(),
    );
  });
});
