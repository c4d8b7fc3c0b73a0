/** Subscriptions by mail, to a real relay: nothing of a patient, one mail a minute, no event lost. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bundle, OperationOutcome, Parameters } from '@medplum/fhirtypes';
import { MailRelay } from '../apps/server/src/subscriptions/mail-relay.ts';
import type { MailSettings } from '../apps/server/src/subscriptions/mail-settings.ts';
import { numbersOf } from './support/hook-receiver.ts';
import { type MailReceiver, mailReceiver } from './support/mail-receiver.ts';
import { eventually, type ServerHere, startServerHere } from './support/server.ts';
import {
  conditionOf,
  eventsOf,
  mailSettingsFor,
  subscribed,
  subscriptionOf,
  subscriptionWith,
  writeFhir,
  written,
} from './support/subscription-sample.ts';

const MINUTE_MS = 60_000;
const TO = 'mailto:team@ward.example';

describe('subscriptions by mail', () => {
  let receiver: MailReceiver;
  let here: ServerHere;
  let turnedMs = 0;
  before(async () => {
    receiver = await mailReceiver();
    const nowMs = (): number => Date.now() + turnedMs;
    here = await startServerHere({ ...mailSettingsFor(receiver), outside: { nowMs } });
  });
  after(async () => {
    const { problems } = here;
    await here[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    assert.deepEqual(problems, []);
  });
  beforeEach(() => {
    receiver.answer = 'take';
    receiver.taken.length = 0;
  });

  const minuteLater = (): void => {
    turnedMs += MINUTE_MS + 1;
  };
  const mails = (count: number) =>
    eventually(`${count} mails`, () =>
      receiver.taken.length >= count ? receiver.taken : undefined,
    );
  const asked = (patientId: string, content = 'id-only') =>
    ({
      topic: 'written',
      ...{ endpoint: TO, content },
      filters: [`Condition?patient=Patient/${patientId}`],
    }) as const;
  const errorsOf = async (id: string): Promise<string> => {
    const path = `/fhir/R4/Subscription/${id}/$status`;
    const bundle = await here.server.get<Bundle<Parameters>>(path);
    return JSON.stringify(bundle.entry?.[0]?.resource);
  };
  const hasTrouble = (id: string, why: RegExp) =>
    eventually('the trouble', async () => (why.test(await errorsOf(id)) ? true : undefined));

  test('a handshake, then one mail a minute with all that has happened, and nobody in it', async () => {
    const patient = await here.server.addSubject('Quellwasser');
    const { id } = await subscribed(here.server, asked(patient.id));
    const [handshake] = await mails(1);
    assert.deepEqual(handshake?.to, ['team@ward.example']);
    assert.equal(handshake?.notification.type, 'handshake');
    const conditions: string[] = [];
    for (const text of ['Asthma', 'Gout', 'Angina'])
      conditions.push((await written(here.server, conditionOf(patient.id, text))).id);
    minuteLater();
    const [, digest] = await mails(2);
    assert.deepEqual(numbersOf([digest?.notification ?? { events: [] }]), [1, 2, 3]);
    assert.deepEqual(
      digest?.notification.events.map(({ focus }) => focus),
      conditions.map((condition) => `Condition/${condition}`),
    );
    await written(here.server, conditionOf(patient.id, 'Migraine'));
    minuteLater();
    const [, , next] = await mails(3);
    assert.deepEqual(numbersOf([next?.notification ?? { events: [] }]), [4]);
    assert.match(next?.messageId ?? '', new RegExp(`^<${id}\\.4-4@ward\\.example>$`));
    for (const { raw, notification } of receiver.taken) {
      const all = raw + notification.text;
      assert.doesNotMatch(all, /Quellwasser|Asthma|Gout|Angina|Migraine/);
      assert.ok(!all.includes(patient.id), 'nor by whose id they are found');
      assert.match(raw, /^Auto-Submitted: auto-generated/im);
    }
  });

  test('an empty one tells that something has happened, and no more', async () => {
    const patient = await here.server.addSubject();
    await subscribed(here.server, asked(patient.id, 'empty'));
    const { id } = await written(here.server, conditionOf(patient.id));
    minuteLater();
    const [, mail] = await mails(2);
    assert.equal(mail?.subject, 'Ausculta: one new event');
    assert.ok(!mail?.notification.text.includes(id));
  });

  for (const { what, answer, why } of [
    { what: 'asks to be tried later (451)', answer: 451, why: /answered 451/ },
    { what: 'cuts the connection', answer: 'cut', why: /cannot be reached/ },
  ] as const) {
    test(`a relay that ${what} is tried again, and the event arrives once`, async () => {
      const patient = await here.server.addSubject();
      const { id } = await subscribed(here.server, asked(patient.id));
      receiver.answer = answer;
      minuteLater();
      const tried = receiver.tried();
      await written(here.server, conditionOf(patient.id));
      await eventually('two tries', () => (receiver.tried() >= tried + 2 ? true : undefined));
      await hasTrouble(id, why);
      await written(here.server, conditionOf(patient.id));
      receiver.answer = 'take';
      minuteLater();
      const taken = await mails(2);
      assert.deepEqual(numbersOf([taken[1]?.notification ?? { events: [] }]), [1, 2]);
      assert.equal(taken.length, 2);
    });
  }

  test('an address that is refused for good is in error, and its events go on when it is mended', async () => {
    const patient = await here.server.addSubject();
    const asking = await subscribed(here.server, asked(patient.id));
    receiver.answer = 550;
    minuteLater();
    await written(here.server, conditionOf(patient.id));
    const failed = await subscriptionWith(here.server, asking.id, 'error');
    assert.match(failed.error ?? '', /answered 550/);
    assert.doesNotMatch(failed.error ?? '', /Ottilie/, 'what a relay says may name somebody');
    await written(here.server, conditionOf(patient.id));
    receiver.answer = 'take';
    await written(here.server, { ...failed, status: 'requested' });
    await subscriptionWith(here.server, asking.id, 'active');
    minuteLater();
    const taken = await mails(3);
    assert.deepEqual(numbersOf([taken[2]?.notification ?? { events: [] }]), [1, 2]);
  });

  test('a relay that knows nobody yet is asked again before a subscription begins', async () => {
    const patient = await here.server.addSubject();
    receiver.answer = 451;
    const { id } = await written(here.server, subscriptionOf(asked(patient.id)));
    await hasTrouble(id, /answered 451/);
    assert.equal((await subscriptionWith(here.server, id, 'requested')).status, 'requested');
    receiver.answer = 'take';
    await subscriptionWith(here.server, id, 'active');
  });

  test('a heartbeat comes by mail where it was asked for', async () => {
    const patient = await here.server.addSubject();
    const asking = { ...asked(patient.id), heartbeatS: 90 };
    const { id } = await subscribed(here.server, asking);
    const own = () => receiver.taken.filter(({ raw }) => raw.includes(id));
    minuteLater();
    await written(here.server, conditionOf(patient.id));
    await eventually('the event', () => (own().length === 2 ? true : undefined));
    // From when the server knows that the event was taken, which may be later than now.
    await eventually('the heartbeat', () => {
      turnedMs += 1_000;
      return own().at(-1)?.notification.type === 'heartbeat' ? true : undefined;
    });
    assert.deepEqual(numbersOf([await eventsOf(here.server, id)]), [1]);
  });

  const REFUSED = [
    {
      what: 'a domain that is not listed',
      more: { endpoint: 'mailto:team@elsewhere.example' },
      why: /DOMAINS/,
    },
    {
      what: 'a domain below one that is',
      more: { endpoint: 'mailto:a@x.ward.example' },
      why: /DOMAINS/,
    },
    { what: 'two addresses', more: { endpoint: `${TO},all@ward.example` }, why: /one address/ },
    {
      what: 'a copy to others',
      more: { endpoint: `${TO}?cc=all@ward.example` },
      why: /one address/,
    },
    { what: 'headers', more: { headers: ['Bcc: all@ward.example'] }, why: /without headers/ },
    { what: 'whole resources', more: { content: 'full-resource' }, why: /nothing of a patient/ },
    {
      what: 'ids that say what was measured',
      more: { topic: 'overLimit', filters: ['Observation?code=8867-4&value-quantity=gt120'] },
      why: /nothing of a patient/,
    },
  ] as const;

  for (const { what, more, why } of REFUSED) {
    test(`a subscription by mail with ${what} is refused, and told why`, async () => {
      const patient = await here.server.addSubject();
      const asking = subscriptionOf({ ...asked(patient.id), ...more });
      const response = await writeFhir(here.server, asking);
      assert.equal(response.status, 422);
      const { issue } = (await response.json()) as OperationOutcome;
      assert.match(issue[0]?.details?.text ?? issue[0]?.diagnostics ?? '', why);
    });
  }
});

test('without a relay a subscription by mail is refused, and told why', async () => {
  await using here = await startServerHere();
  const asking = subscriptionOf({ topic: 'alarm', endpoint: TO, content: 'empty' });
  const response = await writeFhir(here.server, asking);
  assert.equal(response.status, 422);
  assert.match(await response.text(), /AUSCULTA_MAIL_RELAY/);
});

/** The same machine, under a name that is not known for it: as if it were another. */
const ELSEWHERE = '::ffff:127.0.0.1';

describe('a relay on another machine', { skip: opensslIsMissing() }, () => {
  let directory: string;
  const file = (name: string): string => join(directory, name);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=relay -addext subjectAltName=IP:${ELSEWHERE},IP:127.0.0.1`;
    const { status, stderr } = spawnSync('openssl', words.split(' '), { cwd: directory });
    assert.equal(status, 0, String(stderr));
    writeFileSync(file('password'), 'secret\n');
  });
  after(() => rmSync(directory, { recursive: true }));

  const tls = () => ({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) });
  const notification = JSON.stringify({ entry: [{ resource: { resourceType: 'Parameters' } }] });
  const mail = { to: 'team@ward.example', subject: 's', text: 't', messageId: 'm', notification };
  const relayAt = ({ port }: MailReceiver, more: Partial<MailSettings> = {}) =>
    new MailRelay({
      ...{ host: ELSEWHERE, port, isSecure: false, user: undefined, passwordFile: undefined },
      ...{ caFile: file('cert.pem'), from: 'a@ward.example', domains: ['ward.example'] },
      ...{ privacyOfficer: undefined, ...more },
    });

  test('is told nothing where it offers no TLS', async () => {
    await using receiver = await mailReceiver();
    const sent = await relayAt(receiver).send(mail, 5_000);
    assert.deepEqual(sent, { ok: false, reason: 'The relay offers no TLS that can be trusted.' });
    assert.equal(receiver.tried(), 0);
  });

  test('is told nothing where its certificate is nobody’s that is trusted', async () => {
    await using receiver = await mailReceiver({ ...tls(), disabledCommands: [] });
    const sent = await relayAt(receiver, { caFile: undefined }).send(mail, 5_000);
    assert.ok(!sent.ok && sent.isFinal !== true, 'and it is tried again');
    assert.equal(receiver.tried(), 0);
  });

  for (const { what, options, more } of [
    { what: 'STARTTLS', options: { disabledCommands: [] }, more: {} },
    { what: 'TLS from the first byte', options: { secure: true }, more: { isSecure: true } },
  ]) {
    test(`takes mails over ${what}, from who can say the password`, async () => {
      const users: (string | undefined)[] = [];
      await using receiver = await mailReceiver({
        ...{ ...tls(), ...options, authOptional: false },
        onAuth({ username, password }, _session, done) {
          users.push(`${username} ${password}`);
          done(null, password === 'secret' ? { user: username ?? '' } : undefined);
        },
      });
      const login = { user: 'ausculta', passwordFile: file('password') };
      const relay = relayAt(receiver, { ...more, ...login });
      assert.deepEqual(await relay.send(mail, 5_000), { ok: true });
      assert.deepEqual(users, ['ausculta secret']);
      assert.equal(receiver.taken[0]?.isEncrypted, true);
      writeFileSync(file('other'), 'wrong');
      const wrong = relayAt(receiver, { ...more, ...login, passwordFile: file('other') });
      const refused = await wrong.send(mail, 5_000);
      assert.ok(!refused.ok && refused.isFinal !== true, 'the address has no part in it');
      assert.match(refused.reason, /535/);
      assert.doesNotMatch(refused.reason, /wrong|secret/);
    });
  }
});

function opensslIsMissing(): string | false {
  const { error } = spawnSync('openssl', ['version'], { stdio: 'ignore' });
  return error === undefined ? false : 'no openssl here: install openssl to try it';
}
