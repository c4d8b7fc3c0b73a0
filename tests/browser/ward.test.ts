/** A nurse's first minute: sign in, see the ward move, see an alarm come, acknowledge it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page, type WebSocketRoute } from 'playwright-core';
import { freePorts } from '../support/server.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where pictures go: beside the README when asked, else where nobody commits them. */
const IS_FOR_README = process.env.UPDATE_SCREENSHOTS === '1';
const PICTURES = join(ROOT, IS_FOR_README ? 'docs/images' : 'test-results');

/** Long enough for a busy machine, on which a browser is slower than anything else. */
const READY_WITHIN_MS = 120_000;
const LIVE_WITHIN_MS = 60_000;

let dataDir: string;
let demo: ChildProcess;
let startDemo: () => ChildProcess;
let browser: Browser;
let page: Page;
let address: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ausculta-ward-'));
  const [httpPort, mqttPort] = await freePorts(2);
  address = `http://localhost:${httpPort}`;
  startDemo = () =>
    spawn(process.execPath, ['apps/simulator/src/demo.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        AUSCULTA_DATA_DIR: dataDir,
        AUSCULTA_HTTP_PORT: String(httpPort),
        AUSCULTA_MQTT_PORT: String(mqttPort),
      },
    });
  demo = startDemo();
  await says(demo, 'Ausculta is live');
  browser = await chromium.launch({
    executablePath: process.env.AUSCULTA_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(LIVE_WITHIN_MS);
  page = await context.newPage();
  await mkdir(PICTURES, { recursive: true });
});

after(async () => {
  await browser?.close();
  demo?.kill('SIGTERM');
  if (demo?.exitCode === null) await once(demo, 'exit');
  await rm(dataDir, { recursive: true, force: true });
});

test('a second demo says where the first one is, and leaves it alone', async () => {
  const second = startDemo();
  let said = '';
  second.stdout?.on('data', (bytes) => (said += String(bytes)));
  const [code] = await once(second, 'close');
  assert.equal(code, 1);
  assert.match(said, /^A demo is running already: http:\/\/localhost:\d+\. Stop it/m);
  assert.doesNotMatch(said, /preparing/);
});

test('a wrong password is refused beside the form, and nothing is shown', async () => {
  await page.goto(address);
  await signIn('nurse', 'not the password');
  await page.getByText('The login name or the password is wrong.').waitFor();
  assert.equal(await page.getByTestId('tile').count(), 0);
});

test('the ward is live soon after signing in', async () => {
  await signIn('nurse', 'demo-ausculta');
  await poll(async () => (await page.getByTestId('tile').count()) >= 8);
  await poll(async () => (await heartRates()).filter((text) => /^\d+$/.test(text)).length >= 8);
});

test('the waveform moves: two pictures of a strip differ', async () => {
  const strip = page.getByTestId('ecg-canvas').first();
  const first = await strip.screenshot();
  await poll(async () => !first.equals(await strip.screenshot()));
});

test('a number changes while one looks', async () => {
  const before = await heartRates();
  await poll(async () => (await heartRates()).join() !== before.join());
});

test('a picture of Watch, for people to judge', async () => {
  await page.getByRole('button', { name: 'I have read this' }).click();
  // For the README one waits until the ward has something to say.
  if (IS_FOR_README) {
    await page.getByTestId('alarm-band').first().waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: /menu$/ }).click();
    await page.getByText('Solid, no flashing').click();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.waitForTimeout(8_000); // a full sweep
  }
  await page.screenshot({ path: join(PICTURES, 'watch.png') });
});

test('a rate beyond its limit alarms on the tile, with its words, and is acknowledged there', async () => {
  const patient = await addPatient('Testperson', 'bed-t1');
  await page.reload();
  const tile = page.locator(`[data-testid="tile"][data-subject="${patient.id}"]`);
  await tile.waitFor();
  for (let second = 0; second < 4; second += 1) {
    await send(patient, { 'heart-rate': 150 + second }, Date.now() - (3 - second) * 1_000);
  }
  const band = tile.getByTestId('alarm-band');
  await band.waitFor({ timeout: LIVE_WITHIN_MS });
  assert.match((await band.textContent()) ?? '', /131/);

  await page.goto(`${address}/patients/${patient.id}`);
  const finding = page.getByTestId('finding').first();
  await finding.waitFor({ timeout: LIVE_WITHIN_MS });
  await finding.getByRole('button', { name: /acknowledge/i }).click();
  await poll(async () =>
    (await alarmsOf(patient.id)).some((alarm) => alarm.episode === 'acknowledged'),
  );
});

test('a wall display and a locked screen say at which bed an alarm is owed, and of nobody', async () => {
  const patient = await addPatient('Wallflower', 'bed-w1');
  const wanted = { loginName: 'wall-w', displayName: 'Wall west', roles: ['wall-display'] };
  const { path } = await asAdministrator<{ path: string }>('/api/accounts', wanted);
  const wall = await (await browser.newContext()).newPage();
  await wall.goto(`${address}${path}`);
  for (const label of ['New password', 'The same again'])
    await wall.getByLabel(label).fill('a wall that shows beds');
  await wall.getByRole('button', { name: /sign in/ }).click();
  await wall.waitForURL(/\/(account|watch)/);
  await wall.goto(`${address}/watch`);
  const bed = wall.locator(`[data-testid="tile"][data-subject="${patient.id}"]`);
  await bed.getByText('No data yet, not monitored').waitFor({ timeout: LIVE_WITHIN_MS });
  for (let second = 0; second < 4; second += 1)
    await send(patient, { 'heart-rate': 151 }, Date.now() - (3 - second) * 1_000);
  await bed.getByTestId('alarm-band').waitFor({ timeout: LIVE_WITHIN_MS });
  assert.match((await bed.textContent()) ?? '', /No bed.*131/);
  assert.doesNotMatch((await wall.locator('#root').textContent()) ?? '', /Wallflower/);
  assert.equal(await wall.getByRole('link').count(), 1, 'to Watch alone');
  assert.deepEqual((await new AxeBuilder({ page: wall }).analyze()).violations, []);
  await wall.context().close();

  await page.goto(`${address}/watch`);
  await page.evaluate(() => fetch('/api/session/lock', { method: 'POST' }));
  await page.reload();
  const locked = page.getByTestId('locked-alarms');
  await locked.getByText('No bed').waitFor({ timeout: LIVE_WITHIN_MS });
  assert.doesNotMatch((await page.locator('#root').textContent()) ?? '', /Wallflower|151/);
  await page.getByLabel('Your password').fill('demo-ausculta');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByTestId('tile').first().waitFor();
});

test('a long name and high numbers stay inside their tile and apart', async () => {
  const patient = await addPatient('Van der Westhuizen-Nakamura-Papadopoulos', 'bed-t2');
  await page.goto(`${address}/watch`);
  const tile = page.locator(`[data-testid="tile"][data-subject="${patient.id}"]`);
  await tile.waitFor();
  const pressure = { 'nibp-systolic': 222, 'nibp-diastolic': 123, 'body-temperature': 38.4 };
  await send(patient, { 'heart-rate': 188, spo2: 100, battery: 9, ...pressure }, Date.now());
  await tile.getByText('222/123').waitFor({ timeout: LIVE_WITHIN_MS });
  assert.match((await tile.getByTestId('battery').textContent()) ?? '', /9 %/);
  assert.deepEqual(await tile.evaluate(misplaced), []);
});

test('Watch and a patient page have no accessibility violation that axe can see', async () => {
  await page.goto(`${address}/watch`);
  const first = (await page.getByTestId('tile').first().getAttribute('data-subject')) ?? '';
  const device = '/devices/bed-t1';
  for (const path of ['/watch', '/patients', `/patients/${first}`, '/devices', device]) {
    await page.goto(`${address}${path}`);
    await page.waitForTimeout(2_000); // let the first frames in
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`),
      [],
    );
  }
});

test('a nurse gives a device to whom it is on, and sees first who is left without one', async () => {
  await addPatient('Left', 'bed-t3');
  const right = await addPatient('Right', 'bed-t4');
  await page.goto(`${address}/devices`);
  await page.getByLabel('Find a device').fill('bed-t3');
  await page.getByRole('link', { name: 'bed-t3' }).click();
  const form = page.getByRole('form', { name: 'Who wears it' });
  await form.getByLabel('Patient', { exact: true }).selectOption(right.id);
  await form.getByText(/Left \(.+\) wears it no longer/).waitFor();
  const act = form.getByRole('button', { name: 'Give bed-t3 to Right' });
  assert.ok(await act.isDisabled(), 'what follows has not been seen yet');
  await form.getByLabel(/Left has no device then/).check();
  await act.click();
  await form.getByText('Done.').waitFor();
  await page.getByTestId('worn').first().getByText('Right').waitFor();
  assert.equal(await page.getByTestId('worn').count(), 2);
});

test('an admission that was refused is said on every screen, with what to do about it', async () => {
  const told = { what: 'admit', fault: 'MOVEMENT_REFUSED', detail: 'PV1-3', sender: 'his' };
  const who = { name: 'Aalto, Anna', recordNumber: 'M1', subjectId: null, inBed: null };
  const bed = { ward: 'ICU', bed: '7' };
  const refused = [{ id: '1', receivedAt: new Date().toISOString(), ...told, ...who, bed }];
  const url = '**/api/admissions/refused';
  await page.route(url, (route) => route.fulfill({ json: { refused } }));
  await page.goto(`${address}/watch`);
  await page.getByText('a bed may be another patient’s').waitFor();
  await page.getByRole('link', { name: 'See what to do' }).click();
  const card = page.getByRole('region', { name: 'Refused admissions' });
  await card.getByText('Admission of Aalto, Anna (M1) to bed 7 of ICU was refused').waitFor();
  assert.match((await card.textContent()) ?? '', /What to do: See where the patient lies/);
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations, []);
  await page.unroute(url);
  await page.reload();
  await page.getByRole('row').first().waitFor();
  assert.equal(await card.count(), 0);
});

test('the alarm counter leads to whom the alarms are about', async () => {
  await page.goto(`${address}/watch`);
  const alarms = page.getByTestId('alarm-counter').getByRole('link').first();
  await alarms.waitFor({ timeout: LIVE_WITHIN_MS });
  await alarms.click();
  // To the patient, or where several have one to all alarms.
  await page.waitForURL(/\/(patients\/[^/]+|alarms)$/);
});

test('the button of a room that has just been added is on the wall at once, and no room is else', async () => {
  await page.goto(`${address}/watch`);
  await page.getByTestId('tile').first().waitFor();
  const room = await addPatient('Bathroom', 'cord-t1', 'room');
  const event = JSON.stringify({ kind: 'button', boot: 1, sequence: 1 });
  const authorization = `Bearer ${room.token}`;
  const told = { method: 'POST', headers: { authorization }, body: event };
  await fetch(`${address}/api/devices/cord-t1/events`, told);
  const tile = page.locator(`[data-testid="tile"][data-subject="${room.id}"]`);
  // Before the list of who is here is asked for again, which is every fifteen seconds.
  await tile.getByText('Help button').waitFor({ timeout: 12_000 });
  await tile.hover();
  await tile.getByRole('button', { name: /acknowledge/i }).click();
  await tile.waitFor({ state: 'detached' });
});

test('a line that breaks makes the screen say so; a session that ends leads to sign-in', async () => {
  const other = await page.context().newPage();
  const sockets: WebSocketRoute[] = [];
  await other.routeWebSocket(/\/api\/live$/, (socket) => {
    // Once the first is gone, a new one opens and stays mute: as behind a network that drops all.
    if (sockets.push(socket) === 1) socket.connectToServer();
  });
  await other.goto(`${address}/watch`);
  await other.locator('[data-testid="connection"][data-state="live"]').waitFor();
  await sockets[0]?.close({ code: 1011 });
  await other.locator('[data-testid="connection"][data-state="silent"]').waitFor();
  assert.equal(await other.locator('[data-state="fresh"] > [data-testid="hr-value"]').count(), 0);
  await poll(async () => sockets.length > 1);
  await sockets.at(-1)?.close({ code: 4401 });
  await other.getByText('Your session has ended.').waitFor();
  assert.equal(await other.getByTestId('tile').count(), 0);
  assert.match(other.url(), /\/sign-in\?next=%2Fwatch/);
  await other.close();
});

async function signIn(name: string, password: string): Promise<void> {
  await page.getByLabel(/name/i).first().fill(name);
  await page
    .getByLabel(/password/i)
    .first()
    .fill(password);
  await page.keyboard.press('Enter');
}

/** Runs in the page: what stands beyond its tile, and which numbers run into the next. */
function misplaced(tile: Element): string[] {
  const box = tile.getBoundingClientRect();
  const beyond = [...tile.querySelectorAll('a, b, span, button')].filter((element) => {
    const { right, bottom, width } = element.getBoundingClientRect();
    return width > 1 && (right > box.right || bottom > box.bottom);
  });
  const values = [...tile.querySelectorAll('[data-testid$="-value"]')];
  const touching = values.filter((value, index) => {
    const next = values[index + 1]?.getBoundingClientRect();
    return next !== undefined && value.getBoundingClientRect().right > next.left;
  });
  return [...beyond, ...touching].map((element) => element.textContent ?? '');
}

async function heartRates(): Promise<string[]> {
  return (await page.getByTestId('hr-value').allTextContents()).map((text) => text.trim());
}

interface TestPatient {
  readonly id: string;
  readonly device: string;
  readonly token: string;
}

async function addPatient(
  familyName: string,
  device: string,
  kind = 'patient',
): Promise<TestPatient> {
  const subject = await asAdministrator<{ id: string }>('/api/subjects', {
    kind,
    category: 'adult',
    paced: 'no',
    identity: { familyName, sex: 'unknown', invented: true },
  });
  const { token } = await asAdministrator<{ token: string }>('/api/devices', {
    id: device,
    subjectId: subject.id,
  });
  return { id: subject.id, device, token };
}

async function asAdministrator<T>(path: string, body: unknown): Promise<T> {
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const answer = await fetch(`${address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, path);
  return (await answer.json()) as T;
}

async function send(
  patient: TestPatient,
  values: Record<string, number>,
  time: number,
): Promise<void> {
  const answer = await fetch(`${address}/api/devices/${patient.device}/readings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${patient.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ time, values, simulated: true }),
  });
  assert.equal(answer.status, 202);
}

async function alarmsOf(subjectId: string): Promise<{ episode: string }[]> {
  return await page.evaluate(async (id) => {
    const answer = await fetch(`/api/alarms?state=all&subject=${id}`);
    return (await answer.json()).alarms;
  }, subjectId);
}

async function poll(isDone: () => Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + LIVE_WITHIN_MS;
  while (!(await isDone())) {
    assert.ok(Date.now() < untilMs, 'it happens in time');
    await page.waitForTimeout(100); // between two questions
  }
}

async function says(child: ChildProcess, words: string): Promise<void> {
  const said = new Promise<void>((resolve) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes(words)) resolve();
    });
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the demo ended early')));
  await Promise.race([said, ended, tooLate()]);
}

async function tooLate(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, READY_WITHIN_MS).unref());
  throw new Error(`not ready within ${READY_WITHIN_MS} ms`);
}
