/**
 * `npx ausculta …` as a newcomer types it: the real program, by its launcher, against a real server. Each test
 * reads what a person would read, and what a program would.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AccountView } from '@ausculta/contract/accounts';
import { AlarmView } from '@ausculta/contract/alarms';
import { ClientView } from '@ausculta/contract/clients';
import { ParkedView } from '@ausculta/contract/parked';
import { ReadingLine } from '@ausculta/contract/readings';
import { Status } from '@ausculta/contract/status';
import { DeviceCreated, SubjectView } from '@ausculta/contract/subjects';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
before(async () => {
  here = await startServerHere();
  server = here.server;
});
after(() => here[Symbol.asyncDispose]());

const LAUNCHER = join(import.meta.dirname, '../apps/cli/bin/ausculta.mjs');

interface Answer {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

function ausculta(
  server: ServerUnderTest,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Answer> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = {
    PATH,
    NODE_COMPILE_CACHE,
    AUSCULTA_URL: server.url,
    AUSCULTA_TOKEN: server.token,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], { env }, (failure, out, error) => {
      resolve({ exitCode: typeof failure?.code === 'number' ? failure.code : 0, out, error });
    });
  });
}

async function lines<T>(
  server: ServerUnderTest,
  args: readonly string[],
  form: { parse(value: unknown): T },
): Promise<T[]> {
  const { exitCode, out, error } = await ausculta(server, [...args, '--json']);
  assert.equal(exitCode, 0, error);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => form.parse(JSON.parse(line)));
}

test('from a name to a reading: subject, device, a value sent by HTTP, the value read', async () => {
  const options = ['--record-number', 'M-100', '--category', 'adult', '--birth-date', '1957-03-14'];
  const places = ['--sex', 'female', '--ward', '4 West', '--bed', '07', '--paced', 'no'];
  const [subject] = await lines(
    server,
    ['subject', 'add', 'Okafor, Adaeze', ...options, ...places],
    SubjectView,
  );
  assert.equal(subject?.identity.familyName, 'Okafor');
  assert.equal(subject?.identity.givenName, 'Adaeze');
  assert.equal(subject?.identity.bed, '07');
  assert.equal(subject?.category, 'adult');

  const [device] = await lines(
    server,
    ['device', 'add', 'pump-7', '--subject', 'M-100'],
    DeviceCreated,
  );
  assert.ok(device !== undefined);
  const stamp = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  const values = { 'heart-rate': 150, 'glucose-capillary': '> 600', mood: 7 };
  const sent = await server.send(
    { ...device, subjectId: subject?.id ?? '' },
    JSON.stringify({ time: stamp, values }),
  );
  assert.equal(sent.status, 202);

  const [heartRate] = await lines(
    server,
    ['readings', '--subject', 'M-100', '--metric', '8867-4'],
    ReadingLine,
  );
  assert.deepEqual(heartRate, {
    stamp,
    time: stamp,
    value: 150,
    unit: '/min',
    flags: [],
    device: 'pump-7',
    metric: 'heart-rate',
  });
  const byId = ['readings', '--subject', subject?.id ?? '', '--metric', 'glucose-capillary'];
  const [glucose] = await lines(server, byId, ReadingLine);
  assert.deepEqual([glucose?.value, glucose?.flags], [600, ['above']]);
  // Without a terminal the lines are JSON with --json or without.
  const plain = await ausculta(server, [
    'readings',
    '--subject',
    'M-100',
    '--metric',
    'heart-rate',
  ]);
  assert.deepEqual(JSON.parse(plain.out), heartRate);

  const [parked] = await lines(server, ['parked'], ParkedView);
  assert.equal(parked?.fault, 'METRIC_UNKNOWN');
  assert.equal(parked?.device, 'pump-7');
  const { out: table } = await ausculta(server, ['parked']);
  assert.match(table, /METRIC_UNKNOWN +part 2: mood +pump-7/);
  assert.match(table, /^METRIC_UNKNOWN: Nothing in the catalogue has this name/m);
});

test('--from is inside the range, --to is not', async () => {
  const [subject] = await lines(
    server,
    ['subject', 'add', 'Range', '--record-number', 'M-200'],
    SubjectView,
  );
  const device = await server.addDevice(subject?.id ?? '', 'range-1');
  const atMs = Math.floor(Date.now() / 1000) * 1000;
  const readings = [0, 1000, 2000].map((ms) => ({
    time: atMs + ms - 2000,
    values: { spo2: 95 },
  }));
  await server.send(device, JSON.stringify({ readings }));
  const iso = (ms: number) => new Date(ms).toISOString();
  const span = ['--from', iso(atMs - 2000), '--to', iso(atMs)];
  const found = await lines(
    server,
    ['readings', '--subject', 'M-200', '--metric', 'spo2', ...span],
    ReadingLine,
  );
  assert.deepEqual(
    found.map(({ stamp }) => stamp),
    [iso(atMs - 2000), iso(atMs - 1000)],
  );
});

test('an alarm is listed for people and for programs', async () => {
  const patient = await server.addPatient('Alarm');
  const message = JSON.stringify({ time: Date.now(), values: { spo2: 75 } });
  await server.send(patient, message);
  const alarm = await eventually('an alarm', async () => {
    const [first] = await lines(server, ['alarms', '--subject', patient.subjectId], AlarmView);
    return first;
  });
  assert.equal(alarm.metric, 'spo2');
  assert.match((await ausculta(server, ['alarms'])).out, /^high +spo2 75 %, limit ≤ /m);
});

test('status says that the server is ready, to people and to programs', async () => {
  const [status] = await lines(server, ['status'], Status);
  assert.equal(status?.ready, true);
  assert.match((await ausculta(server, ['status'])).out, /Ausculta test is ready; started/);
});

test('people get sentences: the token once, and what is still missing', async () => {
  const subject = await ausculta(server, [
    'subject',
    'add',
    'Nameless',
    '--record-number',
    'M-300',
  ]);
  assert.match(subject.out, /Added Nameless, record number M-300\.\nSubject id: /);
  assert.match(subject.out, /No alarm limits apply before the category is known/);
  const device = await ausculta(server, ['device', 'add', 'people-1', '--subject', 'M-300']);
  assert.match(device.out, /shown only this once/);
  assert.match(device.out, /topic devices\/people-1\/readings/);
  assert.match((await ausculta(server, ['subject', 'list'])).out, /M-300 +Nameless .*people-1/);
});

test('a gateway is registered without a patient, and the line says that nobody wears it', async () => {
  await using here = await startServerHere();
  const { server } = here;
  const added = await ausculta(server, ['device', 'add', 'gateway-icu', '--nobody']);
  assert.match(added.out, /shown only this once/);
  assert.match(added.out, /Nobody wears it\. .*device assign gateway-icu --subject S/);
  assert.match((await ausculta(server, ['device', 'list'])).out, /gateway-icu +unknown +nobody/);
  assert.equal((await ausculta(server, ['subject', 'list', '--json'])).out, '');
});

const REFUSALS = [
  {
    args: ['device', 'add', 'x-1', '--subject', ''],
    exitCode: 1,
    says: /no subject has this id/,
  },
  {
    args: ['device', 'add', 'x-1', '--subject', 'nobody'],
    exitCode: 1,
    says: /no subject has this id/,
  },
  {
    args: ['readings', '--subject', 'nobody', '--metric', 'spo2'],
    exitCode: 1,
    says: /no subject has this id or record number/,
  },
] as const;

for (const { args, exitCode, says } of REFUSALS) {
  test(`"${args.join(' ')}" is refused in one line`, async () => {
    const answer = await ausculta(server, args);
    assert.equal(answer.exitCode, exitCode);
    assert.match(answer.error, says);
    assert.equal(answer.error.trim().split('\n').length, 1);
  });
}

test('a device id that is taken is refused, and no token is shown', async () => {
  await ausculta(server, ['subject', 'add', 'Twice', '--record-number', 'M-400']);
  await ausculta(server, ['device', 'add', 'twice-1', '--subject', 'M-400']);
  const again = await ausculta(server, ['device', 'add', 'twice-1', '--subject', 'M-400']);
  assert.equal(again.exitCode, 1);
  assert.match(again.error, /already taken/);
  assert.equal(again.out, '');
});

test('a record number belongs to one subject', async () => {
  const add = (name: string) =>
    ausculta(server, ['subject', 'add', name, '--record-number', 'M-500']);
  assert.equal((await add('First')).exitCode, 0);
  const second = await add('Second');
  assert.equal(second.exitCode, 1);
  assert.match(second.error, /recordNumber: already that of another subject/);
});

test('a wrong token ends with 4 and says where the right one is', async () => {
  const answer = await ausculta(server, ['status'], { AUSCULTA_TOKEN: 'wrong' });
  assert.equal(answer.exitCode, 4);
  assert.match(answer.error, /set AUSCULTA_TOKEN to the text of admin-token/);
});

test('a record is held, released and erased from the command line, and its receipt is told', async () => {
  const subject = await server.addSubject('Held');
  const { recordNumber } = subject.identity;
  const erase = ['subject', 'erase', recordNumber, '--confirm'];
  assert.equal((await ausculta(server, [...erase, 'another'])).exitCode, 2);
  const hold = await ausculta(server, ['subject', 'hold', subject.id, '--reason', 'inquest']);
  const [, holdId = ''] = /^Held: (\S+)/.exec(hold.out) ?? [];
  assert.match((await ausculta(server, ['subject', 'hold', subject.id])).out, /inquest/);
  const held = await ausculta(server, [...erase, recordNumber]);
  assert.equal(held.exitCode, 1);
  assert.match(held.error, /LEGAL_HOLD.*inquest/);
  assert.equal((await ausculta(server, ['subject', 'release', subject.id, holdId])).exitCode, 0);
  assert.match((await ausculta(server, ['subject', 'hold', subject.id])).out, /can be erased/);

  const device = await server.addDevice(subject.id);
  const worn = await ausculta(server, [...erase, recordNumber]);
  assert.match(worn.error, new RegExp(`SUBJECT_MONITORED.*${device.id}`));
  const erased = await ausculta(server, [...erase, recordNumber, '--stop-monitoring']);
  assert.equal(erased.exitCode, 0, erased.error);
  assert.match(erased.out, /^Unreadable here since .*\nFinal on \d{4}-\d\d-\d\d\./);
  assert.match(erased.out, new RegExp(`Worn by nobody now: ${device.id}\n`));
  assert.doesNotMatch((await ausculta(server, ['subject', 'list'])).out, /Held/);
  assert.equal((await ausculta(server, ['keys', 'rotate'])).exitCode, 0);
  assert.deepEqual(here.problems, []);
});

test('an account is made, comes in by its link, gets other roles and is taken out of use', async () => {
  const add = ['accounts', 'add', 'joy', '--name', 'Joy Okafor', '--roles', 'nurse'];
  const made = await ausculta(server, add);
  assert.equal(made.exitCode, 0, made.error);
  const link = new RegExp(`${server.url}/welcome#(\\S+)`).exec(made.out)?.[1];
  const come = await fetch(`${server.url}/api/sign-in-link`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ token: link, password: 'correct horse battery staple' }),
  });
  assert.equal(come.status, 204);
  const again = await ausculta(server, add);
  assert.deepEqual([again.exitCode, again.error.includes('LOGIN_TAKEN')], [1, true]);
  const [roles] = await lines(server, ['accounts', 'roles', 'joy', 'nurse,physician'], AccountView);
  assert.deepEqual(roles?.roles, ['nurse', 'physician']);
  const listed = await ausculta(server, ['accounts', 'list']);
  assert.match(listed.out, /^joy +Joy Okafor +nurse, physician +password *$/m);
  assert.match(listed.out, /^admin .* has not come in yet$/m);
  const [gone] = await lines(server, ['accounts', 'disable', 'joy'], AccountView);
  assert.equal(gone?.isDisabled, true);
  const nobody = await ausculta(server, ['accounts', 'link', 'nobody']);
  assert.deepEqual([nobody.exitCode, /no account|nobody has/.test(nobody.error)], [1, true]);
});

test('a program of somebody else is added with its public keys, listed, and taken out of use', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
    'sign',
    'verify',
  ]);
  const file = join(await temporaryDirectory(), 'keys.json');
  const key = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'one' };
  await writeFile(file, JSON.stringify({ keys: [key] }));
  const scope = ['--roles', 'nurse', '--scope', 'system/Observation.rs'];
  const add = ['clients', 'add', 'Archive', ...scope, '--jwks'];
  const [added] = await lines(server, [...add, file], ClientView);
  const refused = await ausculta(server, [...add, `${file}.none`]);
  assert.deepEqual([refused.exitCode, /holds no JSON/.test(refused.error)], [2, true]);
  const listed = await ausculta(server, ['clients', 'list']);
  assert.match(listed.out, /Archive +nurse +system\/Observation\.rs$/m);
  const [gone] = await lines(server, ['clients', 'disable', added?.id ?? ''], ClientView);
  assert.equal(gone?.isDisabled, true);
});
