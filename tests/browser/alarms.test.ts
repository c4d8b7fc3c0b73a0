/** The alarms at a screen: all of them, whose they are, what was answered; and a snooze, with its reason. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { judge, openScreens, type Screens } from '../support/screens.ts';
import type { TestDevice } from '../support/server.ts';

describe('the alarms at a screen', () => {
  let screens: Screens;
  let page: Page;
  let patient: TestDevice;

  const row = () => page.getByTestId('alarm-row');
  const fever = async (value: number) => {
    const values = { 'body-temperature': value };
    const message = JSON.stringify({ time: Date.now(), values });
    assert.equal((await screens.server.send(patient, message)).status, 202);
  };

  before(async () => {
    screens = await openScreens();
    patient = await screens.server.addPatient('Warmperson');
    const nurse = await screens.comeIn('Noor Bright', ['nurse']);
    const member = { accountId: nurse.accountId, kind: 'care-team' };
    await screens.server.post(`/api/subjects/${patient.subjectId}/team`, member);
    ({ page } = nurse);
  });
  after(() => screens[Symbol.asyncDispose]());

  test('where nothing calls, the list says so', async () => {
    await page.goto(`${screens.address}/alarms`);
    await page.getByText('No alarm is open').waitFor();
    await judge(page, 'alarms-none');
  });

  test('an alarm stands there with whose it is, and leads to the patient', async () => {
    await fever(39.4);
    await row().getByText('Temp ≥ 39.1').waitFor();
    await row().getByText('owed', { exact: true }).waitFor();
    await judge(page, 'alarms');
    await row()
      .getByRole('link', { name: /Warmperson/ })
      .click();
    await page.getByRole('heading', { name: /Warmperson/ }).waitFor();
  });

  test('it is snoozed where the patient is seen, for a reason that the others read', async () => {
    const finding = page.getByTestId('finding');
    await finding.getByRole('button', { name: 'Snooze' }).click();
    const submit = finding.getByRole('button', { name: 'Snooze 15 min' });
    assert.equal(await submit.isDisabled(), true, 'not without a reason');
    await finding.getByLabel('Why').fill('Paracetamol given');
    await judge(page, 'snooze');
    await submit.click();
    await finding
      .getByText(/^snoozed until \d\d:\d\d by Noor Bright: Paracetamol given$/)
      .waitFor();
    await page.getByRole('link', { name: 'Alarms' }).click();
    await row()
      .getByText(/snoozed until .* Paracetamol given/)
      .waitFor();
  });

  test('what goes further calls again, and says so', async () => {
    await fever(39.8);
    await row().getByText('owed', { exact: true }).waitFor();
    await row()
      .getByText(/highest 39\.8, .*calls again since \d\d:\d\d/)
      .waitFor();
  });

  test('what is over and answered stands with those of the last day', async () => {
    await row()
      .getByRole('link', { name: /Warmperson/ })
      .click();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await fever(37);
    await page.getByText('No alarm is open.').waitFor();
    await page.getByRole('link', { name: 'Alarms' }).click();
    await page.getByText('Over, last 24 hours').click();
    await row().getByText('acknowledged by Noor Bright').waitFor({ timeout: 30_000 });
  });
});
