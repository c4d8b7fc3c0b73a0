/** Who may do what, at the screens: each person sees what the server opens to them, and no more. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { EstPeer, missingEstPeers } from '../support/est-peers.ts';
import { judge, openScreens, type Screens } from '../support/screens.ts';
import { eventually, type TestDevice } from '../support/server.ts';

const why = missingEstPeers();

let screens: Screens;
before(async () => {
  screens = await openScreens();
});
after(() => screens?.[Symbol.asyncDispose]());

describe('enrolment at the screen', { skip: why ?? false }, () => {
  let peer: EstPeer;
  let page: Page;
  before(async () => {
    peer = new EstPeer();
    ({ page } = await screens.comeIn('Bela Kovacs', ['biomedical-engineer']));
  });
  after(() => peer?.[Symbol.dispose]());

  const enrol = (device: string, code: string, request: string) =>
    peer.enrol(`${screens.address}/.well-known/est/simpleenroll`, request, [
      '--user',
      `${device}:${code}`,
    ]);

  test('a new device is claimed by the code that is shown, and the screen turns by itself', async () => {
    await page.goto(`${screens.address}/devices`);
    await page.getByRole('button', { name: 'Enrol a device' }).click();
    await page.getByRole('combobox', { name: 'Device', exact: true }).fill('monitor-77');
    await page.getByLabel('Model').fill('Bedside monitor');
    await page.getByRole('button', { name: 'Make a claim code' }).click();
    const shown = page.getByTestId('claim-code');
    await shown.waitFor();
    const code = (await shown.locator('span').allTextContents()).join('-');
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    assert.ok(!page.url().includes(code), 'no code in an address');
    await judge(page, 'enrol');
    const request = await peer.request('first');
    assert.equal((await enrol('monitor-77', 'WRONG-WRONG-WRONG-WRONG', request)).status, 401);
    await page.getByText('a wrong claim code').waitFor();
    assert.equal((await enrol('monitor-77', code, request)).status, 200);
    await page.getByText('monitor-77 is enrolled.').waitFor();
  });

  test('its certificate is on its page, and is revoked with the reason', async () => {
    await page.getByRole('link', { name: 'Say who wears monitor-77' }).click();
    const certificate = page.getByTestId('certificate');
    await certificate.getByText(/^Good; the device renews it/).waitFor();
    await certificate.getByRole('button', { name: /^Revoke/ }).click();
    const revoke = page.getByRole('button', { name: 'Revoke this certificate' });
    assert.ok(await revoke.isDisabled(), 'without a reason');
    await page.getByLabel('Somebody else may have its key').check();
    await judge(page, 'revoke');
    await revoke.click();
    await certificate.getByText(/^Revoked, because somebody else may have its key/).waitFor();
  });

  test('whoever may not see the wearer is told that somebody wears it, and revokes nothing', async () => {
    const { id, subjectId } = await screens.server.addPatient('Testperson');
    const { code } = await screens.server.post<{ code: string }>(`/api/devices/${id}/claim`, {});
    assert.equal((await enrol(id, code, await peer.request('worn'))).status, 200);
    await page.goto(`${screens.address}/devices/${id}`);
    await page.getByText('Somebody wears it whom your role does not show.').waitFor();
    await page.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByText(/Have a nurse or physician of the ward/).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Revoke this certificate' }).count(), 0);
    assert.equal(await page.getByText('Testperson').count(), 0);
    const { page: both } = await screens.comeIn('Ada Both', ['nurse', 'biomedical-engineer']);
    await both.goto(`${screens.address}/devices/${id}`);
    await both.getByRole('button', { name: /^Revoke/ }).click();
    await both.getByLabel('It is not needed any more').check();
    const revoke = both.getByRole('button', { name: 'Revoke this certificate' });
    assert.ok(await revoke.isDisabled(), 'who loses monitoring has to be seen');
    await both.getByLabel(/^Testperson.* may be monitored by nothing then/).check();
    await revoke.click();
    await both.getByText(/^Revoked, because it is not needed/).waitFor();
    assert.ok(subjectId);
  });

  test('a nurse is offered no codes, and is told in words for whom a page is', async () => {
    const { page: nurse } = await screens.comeIn('Noor Haddad', ['nurse']);
    await nurse.goto(`${screens.address}/devices`);
    await nurse.getByRole('searchbox').waitFor();
    assert.equal(await nurse.getByRole('button', { name: 'Enrol a device' }).count(), 0);
    await nurse.goto(`${screens.address}/accounts`);
    await nurse.getByText(/Administrators keep the accounts/).waitFor();
    assert.equal(await nurse.getByRole('button', { name: 'Try again' }).count(), 0);
    const { page: admin } = await screens.comeIn('Ines Duarte', ['administrator']);
    await admin.goto(`${screens.address}/patients`);
    await admin.getByText('No patient is shown to you').waitFor();
    await admin.goto(`${screens.address}/accounts`);
    await admin.getByRole('button', { name: 'Noor Haddad' }).click();
    await admin.getByRole('button', { name: 'End the shift everywhere' }).click();
    await admin.getByText('On no shift: sees nobody but by care teams.').waitFor();
    await admin.getByLabel('Ward', { exact: true }).fill('ICU');
    await admin.getByRole('button', { name: 'Begin a shift on ICU' }).click();
    await admin.getByRole('button', { name: 'End the shift ICU' }).waitFor();
    assert.equal(await admin.getByText('0 patients').count(), 0);
  });
});

describe('a closed record at the screen', () => {
  let patient: TestDevice;
  before(async () => {
    patient = await screens.server.addPatient('Closedperson');
  });

  test('is put on a care team, closed again, opened in an emergency, and that is reviewed', async () => {
    const { server, address } = screens;
    const { page: charge } = await screens.comeIn('Ada Charge', ['nurse']);
    const { page: nurse, accountId } = await screens.comeIn('Noor Off', ['nurse']);
    const { shifts } = await server.get<{ shifts: { id: string }[] }>(
      `/api/accounts/${accountId}/shifts`,
    );
    await server.post(`/api/accounts/${accountId}/shifts/${shifts[0]?.id}/end`, {});
    const record = `${address}/patients/${patient.subjectId}`;
    await charge.goto(`${record}/team`);
    await charge.getByText('Nobody is on it yet.').waitFor();
    await charge.getByRole('combobox', { name: 'Who' }).fill('noor');
    await charge.getByRole('option', { name: /^Noor Off/ }).click();
    await charge.getByRole('button', { name: 'Put on the care team' }).click();
    await charge.getByTestId('member').getByText('Noor Off', { exact: true }).waitFor();
    await judge(charge, 'care-team');
    await nurse.goto(record);
    await nurse.getByRole('heading', { name: /Closedperson/ }).waitFor();
    await charge.getByRole('button', { name: 'End for Noor Off' }).click();
    await charge.getByRole('button', { name: 'End it now' }).click();
    await charge.getByText('Nobody is on it yet.').waitFor();
    await nurse.goto(`${address}/patients`);
    await nurse.getByPlaceholder('Name or record number').fill('closedper');
    await nurse.getByRole('button', { name: 'Find' }).click();
    await nurse.getByRole('list', { name: 'Found' }).getByRole('link').click();
    await nurse.getByRole('heading', { name: 'This record is closed to you' }).waitFor();
    assert.equal(await nurse.getByText('Closedperson').count(), 0);
    await judge(nurse, 'closed-record');
    await nurse.getByLabel('Why').fill('Found without a pulse');
    await nurse.getByRole('button', { name: 'Open the record in an emergency' }).click();
    await nurse
      .getByRole('region', { name: 'Emergency access' })
      .getByText(/min left/)
      .waitFor();
    await nurse.getByRole('heading', { name: /Closedperson/ }).waitFor();
    await judge(nurse, 'emergency');
    // Whoever sits here in the evening sees lines of the night, not those of the day on black.
    for (const colorScheme of ['light', 'dark', 'light'] as const) {
      await nurse.emulateMedia({ colorScheme });
      await eventually(`a chart in its ${colorScheme} inks`, async () =>
        (await nurse.evaluate(isDrawnIn, colorScheme)) ? true : undefined,
      );
    }
    await nurse.emulateMedia({ colorScheme: null });
    const { page: auditor } = await screens.comeIn('Ines Audit', ['auditor']);
    await auditor.goto(`${address}/account`);
    await auditor.getByText(/^1 emergency access.* for review\.$/).waitFor();
    await auditor.getByRole('link', { name: 'Review' }).click();
    await auditor.getByLabel('Id of the record').fill(patient.subjectId);
    await auditor.getByRole('button', { name: /^Guard it/ }).click();
    await auditor.getByTestId('guarded').waitFor();
    await nurse.reload();
    const unusual = auditor.getByTestId('unusual').filter({ hasText: 'a guarded record' });
    await unusual.waitFor();
    const broken = auditor.getByTestId('broken-glass');
    await broken.getByText('Found without a pulse').waitFor();
    await judge(auditor, 'audit');
    await unusual.getByRole('button', { name: /^Explained/ }).click();
    await unusual.getByText(/· explained$/).waitFor();
    await auditor.getByRole('button', { name: /^End/ }).click();
    await auditor.getByTestId('guarded').waitFor({ state: 'detached' });
    await broken.getByRole('button', { name: /^Who has looked at record/ }).click();
    await auditor.getByTestId('look').getByText('Noor Off').first().waitFor();
    assert.equal(await auditor.getByText('Closedperson').count(), 0);
    await broken.getByRole('button', { name: /^Reviewed/ }).click();
    await broken.getByText(/· reviewed$/).waitFor();
  });

  test('what a patient decides is recorded in plain words, closes, and opens again when it is withdrawn', async () => {
    const { server, address } = screens;
    const { page } = await screens.comeIn('Ada Nurse', ['nurse']);
    const path = `/fhir/R4/Condition?patient=${patient.subjectId}`;
    await server.post('/fhir/R4/Condition', {
      ...{ resourceType: 'Condition', code: { text: 'Migraine' } },
      subject: { reference: `Patient/${patient.subjectId}` },
    });
    const seen = async () => {
      const answer = await page.context().request.get(`${address}${path}`);
      return (await answer.text()).includes('Migraine');
    };
    await page.goto(`${address}/patients/${patient.subjectId}/consents`);
    await page.getByText(/^Nothing is kept back/).waitFor();
    const record = page.getByRole('button', { name: 'Record what the patient has decided' });
    assert.ok(await record.isDisabled(), 'everything is kept back by nobody’s slip');
    await page.getByRole('combobox', { name: 'From whom' }).fill('every n');
    await page.getByRole('option', { name: 'Every nurse' }).click();
    await page.getByRole('combobox', { name: 'What' }).fill('notes');
    await page.getByRole('option', { name: /^notes/ }).click();
    await page.keyboard.press('Escape');
    await judge(page, 'consents');
    assert.equal(await seen(), true);
    await record.click();
    const decided = page.getByTestId('consent');
    await decided
      .locator('b')
      .getByText('Kept back from every nurse: notes, reports, pictures.')
      .waitFor();
    assert.equal(await seen(), false);
    await decided.getByRole('button', { name: /^Withdraw/ }).click();
    await page.getByRole('button', { name: 'Withdraw it now' }).click();
    await page.locator('[data-testid="consent"][data-state="ended"]').waitFor();
    assert.equal(await seen(), true);
  });
});

/** In the page: whether its style is of this scheme, and the grid of its first chart painted in that style. */
function isDrawnIn(scheme: string): boolean {
  const root = document.documentElement;
  if (root.getAttribute('data-mantine-color-scheme') !== scheme) return false;
  const ink = getComputedStyle(root).getPropertyValue('--grid-fine').trim();
  const wanted = Number.parseInt(ink.slice(1), 16);
  const canvas = document.querySelector<HTMLCanvasElement>('.uplot canvas');
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
  if (pixels === undefined) return false;
  const channel = (at: number) => pixels[at] ?? 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = (channel(at) << 16) | (channel(at + 1) << 8) | channel(at + 2);
    if (channel(at + 3) === 255 && colour === wanted) return true;
  }
  return false;
}
