/** Who is on call, at a screen: that nobody is called is said, "I am on" is one tap, and a duty is handed over. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { judge, openScreens, type Screens, type Seat } from '../support/screens.ts';

describe('who is on call, at a screen', () => {
  let screens: Screens;
  let noor: Seat;
  let bea: Seat;
  before(async () => {
    screens = await openScreens();
    noor = await screens.comeIn('Noor Bright', ['nurse']);
    bea = await screens.comeIn('Bea Late', ['nurse']);
  });
  after(() => screens[Symbol.asyncDispose]());

  const open = async ({ page }: Seat): Promise<Page> => {
    await page.goto(`${screens.address}/alarms`);
    await page.getByRole('link', { name: 'Who is on call' }).click();
    await page.getByRole('heading', { name: 'Who is on', exact: true }).waitFor();
    return page;
  };

  test('without a policy every nurse reads that nobody is called', async () => {
    await noor.page.goto(`${screens.address}/alarms`);
    await noor.page.getByText('Nobody is called beyond screens.').waitFor();
    const page = await open(noor);
    const words = await page.getByTestId('nobody-called').textContent();
    assert.match(words ?? '', /no policy says who/);
    await judge(page, 'on-call-nobody');
  });

  test('one tap and somebody is on; whoever takes over ends the turn of the other', async () => {
    const seconds = { high: 60, medium: 300 };
    const times = { afterSeconds: { high: 0, medium: 0 }, repeatSeconds: seconds };
    const nurse = { name: 'Ward', who: [{ kind: 'duty', duty: 'ward-nurse' }], channels: ['mail'] };
    const last = { name: 'Bea', who: [{ kind: 'account', accountId: bea.accountId }] };
    const tiers = [
      { ...nurse, ...times },
      { ...last, channels: ['mail'], ...times, afterSeconds: seconds },
    ];
    const written = await screens.server.fetch('/api/calling/policy', {
      ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ routes: [{ name: 'House', units: [], tiers }] }),
    });
    assert.equal(written.status, 200, await written.text());
    const page = await open(noor);
    await page.getByText('Nobody is on: the next tier is called at once.').waitFor();
    await page.getByRole('button', { name: /^I am on/ }).click();
    await page.getByText('Noor Bright (you)').waitFor();
    await page.getByText('You cannot be reached: give an address below.').waitFor();
    await page.getByText('whoever is ward nurse, by mail: at once').waitFor();
    await judge(page, 'on-call');
    const other = await open(bea);
    await other.getByRole('button', { name: 'Take over from Noor Bright' }).click();
    await other.getByText('Bea Late (you)').waitFor();
    assert.equal(await other.getByTestId('turn').count(), 1);
    await other.getByRole('button', { name: /^I am off/ }).click();
    await other
      .getByText('Nobody else is on for this duty: nobody would be called by it.')
      .waitFor();
    await other.getByRole('button', { name: /^Leave it to nobody/ }).click();
    await other.getByText('Nobody is on: the next tier is called at once.').waitFor();
  });

  test('a person says how they are called, and tries it', async () => {
    const { page } = bea;
    await page.getByLabel('Mail address').fill('bea@ward.example');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('button', { name: 'Call me for a test' }).click();
    const tried = page.getByRole('status', { name: 'The test' });
    await tried.getByText('mail: No mail is sent from here').waitFor();
  });
});
