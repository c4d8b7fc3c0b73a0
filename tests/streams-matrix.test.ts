/**
 * Whom a live socket tells what: every role × how its caller stands to the person × calm, in alarm, consent withdrawn,
 * of another house; expected is what one text says (packages/policy, expected-access.txt). And every topic of MQTT ×
 * whose it is.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type DataClass, type Relation, ROLES, type Role } from '@ausculta/policy/vocabulary';
import { MESSAGE_KINDS, type MessageKind } from '../apps/server/src/doors/decode.ts';
import { readExpectations } from '../packages/policy/src/fixtures/expectations.ts';
import { consentOf } from './support/consents.ts';
import type { Listener } from './support/live-listener.ts';
import { publishPacket, subscribePacket } from './support/mqtt-bytes.ts';
import { otherOrganisation, ownOrganisation, signedIn } from './support/people.ts';
import { RawMqtt } from './support/raw-mqtt.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const EXPECTED = readExpectations(
  readFileSync(
    new URL('../packages/policy/src/fixtures/expected-access.txt', import.meta.url),
    'utf8',
  ),
);

/** People sign in as these. */
const PEOPLE = ROLES.filter((role) => role !== 'device' && role !== 'platform-job');
const STANDINGS = ['none', 'self', 'proxy', 'care-team', 'programme', 'on-shift'] as const;
/** What people of each role are there for; others treat. */
const THERE_FOR: Partial<Record<Role, readonly string[]>> = {
  patient: ['PATRQT'],
  proxy: ['PATRQT', 'FAMRQT'],
  'biomedical-engineer': ['HOPERAT'],
  manufacturer: ['HOPERAT'],
  integrator: ['SYSDEV'],
  supplier: ['HOPERAT'],
  administrator: ['HSYSADMIN', 'HOPERAT', 'PATRQT'],
  auditor: ['HCOMPL'],
  'public-health-analyst': ['PUBHLTH', 'HRESCH'],
  'payer-analyst': ['HPAYMT'],
  trainee: ['TRAIN'],
};

/** Of people who are none of the invented ones. */
function isOpen(role: Role, stands: Relation, data: DataClass, conditions: readonly string[]) {
  return (THERE_FOR[role] ?? ['TREAT']).some((purpose) =>
    (EXPECTED.get(`${role} ${purpose} ${data} read`) ?? []).some(
      (line) =>
        line.conditions.every((one) => conditions.includes(one)) &&
        line.relations.some((one) => one === stands || one === 'none' || one === 'organisation'),
    ),
  );
}

interface Screen {
  readonly role: Role;
  readonly stands: (typeof STANDINGS)[number];
  readonly listener: Listener;
}

const [CALM, OWED, CALM_LATER, OWED_LATER] = [61, 171, 62, 172];

let here: ServerHere;
let server: ServerUnderTest;

async function addPatient(familyName: string): Promise<TestDevice> {
  const { id } = await server.post<{ id: string }>('/api/subjects', {
    ...{ category: 'adult', paced: 'no', identity: { familyName } },
  });
  return await server.addDevice(id);
}

const measure = (device: TestDevice, value: number, agoMs = 0) =>
  server.send(
    device,
    JSON.stringify({ time: Date.now() - agoMs, values: { 'heart-rate': value } }),
  );

describe('what live sockets tell', () => {
  const screens: Screen[] = [];
  let strangers: Listener[] = [];
  let calm: TestDevice;
  let owed: TestDevice;
  before(async () => {
    here = await startServerHere();
    server = here.server;
    [calm, owed] = [await addPatient('Calmwater'), await addPatient('Owedbank')];
    const both = [calm.subjectId, owed.subjectId];
    for (const role of PEOPLE) for (const stands of STANDINGS) await open(role, stands, both);
    const house = await otherOrganisation(here, 'Elsewhere');
    strangers = await Promise.all(
      PEOPLE.map(async (role) =>
        server.listen(both, (await signedIn(here, [role], house)).headers),
      ),
    );
    for (const { listener } of screens) assert.equal(await listener.opened, true);
    for (const listener of strangers) assert.equal(await listener.opened, true);
  });
  after(async () => {
    for (const { listener } of screens) listener.close();
    for (const listener of strangers) listener.close();
    await here[Symbol.asyncDispose]();
  });

  async function open(role: Role, stands: Screen['stands'], subjects: readonly string[]) {
    const { accountId, headers } = await signedIn(here, [role]);
    if (stands === 'on-shift') await server.post('/api/shifts', { accountId, unit: null });
    else if (stands !== 'none')
      for (const id of subjects)
        await server.post(`/api/subjects/${id}/team`, { accountId, kind: stands });
    screens.push({ role, stands, listener: server.listen(subjects, headers) });
  }

  /** Each screen has had a frame that was made after whoever sees all was told. */
  async function allTold(value: number): Promise<void> {
    const all = server.listen([calm.subjectId, owed.subjectId]);
    await eventually(`${value} on a screen that sees all`, () =>
      all.values.includes(value) ? true : undefined,
    );
    const listeners = [...screens.map(({ listener }) => listener), ...strangers];
    const counts = listeners.map((listener) => listener.frames() + 2);
    await eventually('two frames more', () =>
      listeners.every((listener, i) => listener.frames() >= (counts[i] ?? 0)) ? true : undefined,
    );
    all.close();
  }

  test('each is told what is expected of its role and standing, and nothing else', async () => {
    for (const ago of [3000, 2000, 1000, 0]) await measure(owed, OWED, ago);
    await eventually('the alarm', async () => (await server.alarms(owed.subjectId))[0]);
    await measure(calm, CALM);
    await allTold(CALM);
    for (const { role, stands, listener } of screens) {
      const may = (data: DataClass, ...conditions: string[]) =>
        isOpen(role, stands, data, conditions);
      const who = `${role}, ${stands}`;
      assert.equal(listener.values.includes(CALM), may('vitals'), `${who}: numbers`);
      const strip = may('vitals', 'alarm-owed');
      assert.equal(listener.values.includes(OWED), strip, `${who}: numbers in alarm`);
      assert.equal(hears(listener), may('alarms'), `${who}: the alarm`);
    }
  });

  test('who withdraws consent is told of to nobody else; the ward still hears the alarm', async () => {
    for (const { subjectId } of [calm, owed])
      await server.post('/fhir/R4/Consent', consentOf({ subjectId, base: 'OPTOUT' }));
    await measure(owed, OWED_LATER);
    await measure(calm, CALM_LATER);
    const themselves = screens.find((one) => one.role === 'patient' && one.stands === 'self');
    await eventually('their own screen', () =>
      themselves?.listener.values.includes(CALM_LATER) ? true : undefined,
    );
    const counts = screens.map(({ listener }) => listener.frames() + 2);
    await eventually('two frames more', () =>
      screens.every(({ listener }, i) => listener.frames() >= (counts[i] ?? 0)) ? true : undefined,
    );
    for (const { role, stands, listener } of screens) {
      const isThem = role === 'patient' && stands === 'self';
      const isBeside = stands === 'on-shift' && isOpen(role, stands, 'vitals', ['alarm-owed']);
      const isBedside = isBeside && role !== 'primary-care';
      const who = `${role}, ${stands}`;
      assert.equal(listener.values.includes(CALM_LATER), isThem, `${who}: numbers`);
      assert.equal(listener.values.includes(OWED_LATER), isThem || isBedside, `${who}: in alarm`);
    }
  });

  test('nobody of another house is told anything', () => {
    for (const listener of strangers) {
      assert.deepEqual(listener.values, []);
      const told = listener.notices.filter(({ type }) => type !== 'subscribed' && type !== 'names');
      assert.deepEqual(told, []);
      for (const notice of listener.notices)
        if (notice.type === 'subscribed') assert.deepEqual(notice.subjects, []);
    }
  });
});

const hears = ({ notices }: Listener): boolean =>
  notices.some(
    (one) => one.type === 'alarms' && one.alarms.some(({ ruleKey }) => ruleKey.includes('heart')),
  );

/** Each kind that a device sends, and each topic that it hears: a new one has to be named here. */
const SENT: Readonly<Record<MessageKind, true>> = { readings: true, waveforms: true, events: true };
const HEARD: Readonly<Record<string, boolean>> = {
  errors: true,
  ...{ readings: false, waveforms: false, events: false, enrolment: false, certificate: false },
  ...{ commands: false, '#': false, '+': false, '': false },
};
const GRANTED = 0;

describe('what topics of MQTT are open to whom', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  test('a device speaks and listens under its own name, and under nobody else’s', async () => {
    assert.deepEqual(Object.keys(SENT), [...MESSAGE_KINDS]);
    const own = await server.addPatient();
    const house = await otherOrganisation(here, 'Elsewhere');
    assert.notEqual(house, await ownOrganisation(here));
    const others = {
      own,
      'of the same person': await server.addDevice(own.subjectId),
      'of another person': await server.addPatient(),
      'of nobody': { id: `unknown-${randomUUID().slice(0, 8)}` },
      'of a name that begins alike': { id: `${own.id}1` },
    };
    for (const [whose, { id }] of Object.entries(others)) {
      const isOwn = whose === 'own';
      using listening = await RawMqtt.signIn(server.mqttPort, own, { clientId: randomUUID() });
      const filters = Object.keys(HEARD).map((kind) => `devices/${id}/${kind}`);
      listening.send(subscribePacket(1, ...filters));
      const [suback] = await listening.packets(1);
      const answers = [...(suback ?? []).slice(4)].map((code) => code === GRANTED);
      assert.deepEqual(
        answers,
        Object.values(HEARD).map((isHeard) => isOwn && isHeard),
        whose,
      );
      for (const kind of [...MESSAGE_KINDS, 'errors', 'enrolment', 'certificate', 'commands']) {
        using peer = await RawMqtt.signIn(server.mqttPort, own, { clientId: randomUUID() });
        const topic = `devices/${id}/${kind}`;
        const body = kind === 'events' ? EVENT : '{"values":{"heart-rate":70}}';
        peer.send(publishPacket({ topic, payload: body, qos: 1, packetId: 7 }));
        const isTaken = await Promise.race([
          peer.packets(1).then(
            ([answer]) => answer?.[0] === 0x40,
            () => false,
          ),
          peer.ended.then(() => false),
        ]);
        const isExpected = isOwn && Object.hasOwn(SENT, kind);
        assert.equal(isTaken, isExpected, `${whose}: ${kind}`);
      }
    }
  });
});

const EVENT = '{"kind":"button","boot":1,"sequence":1}';
