/** The audit at a screen: whether it is whole, and every act and look by account, person, kind and time. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { judge, openScreens, type Screens } from '../support/screens.ts';
import { eventually, type TestDevice } from '../support/server.ts';

describe('the audit at a screen', () => {
  let screens: Screens;
  let page: Page;
  let patient: TestDevice;

  const lines = () => page.getByTestId('audit-entry');

  before(async () => {
    screens = await openScreens();
    const { server } = screens;
    patient = await server.addPatient('Closedperson');
    const nurse = await screens.comeIn('Noor Bright', ['nurse']);
    const member = { accountId: nurse.accountId, kind: 'care-team' };
    await server.post(`/api/subjects/${patient.subjectId}/team`, member);
    await nurse.page.goto(`${screens.address}/patients/${patient.subjectId}`);
    await nurse.page.getByRole('heading', { name: /Closedperson/ }).waitFor();
    ({ page } = await screens.comeIn('Ines Audit', ['auditor']));
  });
  after(() => screens[Symbol.asyncDispose]());

  test('says that it is whole, and by what that is known', async () => {
    await page.goto(`${screens.address}/audit`);
    const state = page.getByTestId('audit-state');
    await state.getByText(/^Verified .* ago, [\d,]+ entries, last head .* ago\.$/).waitFor({
      timeout: 60_000,
    });
    assert.equal(await state.getAttribute('data-tone'), 'well');
    await page.getByRole('link', { name: 'Look through all acts and looks' }).click();
    await page.getByRole('heading', { name: 'Acts and looks' }).waitFor();
  });

  test('tells each act in words, and leads on by name, record and kind', async () => {
    await lines().getByText('Put somebody on the team').waitFor();
    await judge(page, 'audit-entries');
    assert.equal(await page.getByText('Closedperson').count(), 0, 'a name is nowhere in it');
    await lines().getByRole('button', { name: 'Noor Bright' }).first().click();
    await page.waitForURL(/who=/);
    await eventually('the nurse alone', async () => {
      const names = await lines().locator('span:nth-child(2)').allInnerTexts();
      return names.length > 0 && names.every((name) => name === 'Noor Bright') ? true : undefined;
    });
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('What was done').selectOption({ label: 'Signing in and passwords' });
    await page.getByLabel('About record').fill('no id');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.getByText('This is no id of a record.').waitFor();
    await page.getByLabel('About record').fill('');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await lines().getByText('Came in by a sign-in link').first().waitFor();
    await page.waitForURL(/kind=sign-in/);
  });

  test('a kept address asks the same again; what nothing matches says so', async () => {
    await page.goto(`${screens.address}/audit/entries?subject=${patient.subjectId}&kind=access`);
    await lines().getByText('Put somebody on the team').waitFor();
    assert.equal(await lines().count(), 1);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download CSV' }).click();
    const table = await readFile(await (await download).path(), 'utf8');
    assert.match(table, /,access,relation-begun,/);
    assert.equal(table.trimEnd().split('\r\n').length, 2);
    await page.goto(`${screens.address}/audit/entries?to=2020-01-01T00:00:00.000Z`);
    await page.getByText('Nothing was done that this looks for.').waitFor();
    await judge(page, 'audit-entries-none');
  });

  test('what is wrong is loud, and what cannot be loaded can be asked for again', async () => {
    const nowMs = Date.now();
    const [now = '', at = ''] = [nowMs, nowMs - 3 * 3_600_000].map((ms) =>
      new Date(ms).toISOString(),
    );
    // A tree that somebody altered, told as the server tells it.
    await page.route('**/api/audit/heads', (route) =>
      route.fulfill({
        json: {
          ...{ now, newest: { entries: 12_345, at }, waiting: { entries: 0, since: null } },
          contradicted: false,
          verified: {
            ...{ at, tookMs: 90, entries: 12_345, faults: 1 },
            found: [{ what: 'altered', id: 'leaf 7', why: 'the entry is not what got its place' }],
          },
          sent: {
            ...{ to: 'witness.example', last: { entries: 12_000, at }, waiting: 345 },
            failing: { since: at, attempts: 40, why: 'it answers 500' },
          },
        },
      }),
    );
    await page.goto(`${screens.address}/audit/entries`);
    const alert = page.getByTestId('audit-state');
    await alert.getByText(/^1 fault was found/).waitFor();
    await alert.getByText(/witness\.example has taken no head for 3 h/).waitFor();
    assert.equal(await alert.getAttribute('role'), 'alert');
    await judge(page, 'audit-wrong');
    await page.route('**/api/audit?*', (route) => route.abort());
    await page.route('**/api/audit', (route) => route.abort());
    await page.reload();
    await page.getByRole('heading', { name: 'The audit cannot be loaded' }).waitFor();
    await judge(page, 'audit-entries-failed');
    await page.unroute('**/api/audit?*');
    await page.unroute('**/api/audit');
    await page.unroute('**/api/audit/heads');
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await lines().first().waitFor();
  });

  test('is for auditors alone', async () => {
    const { page: doctor } = await screens.comeIn('Dora Ward', ['physician']);
    await doctor.goto(`${screens.address}/audit/entries`);
    await doctor.getByRole('heading', { name: 'This is not for your role' }).waitFor();
  });
});
