/** Health devices that speak IEEE 11073-20601 over TCP: who may associate, and what becomes of a report. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { unhex } from '@ausculta/codecs/phd-apdu';
import { EVENT_CONFIGURATION, EVENT_SEGMENT_DATA } from '@ausculta/codecs/phd-event';
import type { DeviceList } from '@ausculta/contract/devices';
import type { Bundle, Observation } from '@medplum/fhirtypes';
import { PhdAgentClient, PULSE, SPO2 } from './support/phd-agent.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const id = (n: number): string => `00A037EB2175780${n}`;
const HERE = { addresses: ['127.0.0.1'] };
const AGENTS = [
  { device: 'oximeter', systemId: id(1), ...HERE },
  { device: 'elsewhere', systemId: id(2), addresses: ['192.0.2.1'] },
  { device: 'unregistered', systemId: id(3), ...HERE },
  { device: 'shared', systemId: id(4), userSlot: 2, ...HERE },
  { device: 'other', systemId: id(5).toLowerCase(), ...HERE },
  { device: 'retired', systemId: id(6), ...HERE },
];
const UNAUTHORISED = 7;
const UNKNOWN_CONFIGURATION = 3;

/** Attributes by their MDC codes, and an object that is a number (IEEE 11073-20601, 11073-10101). */
const ATTRIBUTE = { TYPE: 0x092f, UNIT: 0x0996, VALUE_MAP: 0x0a55 };
const NUMERIC = 6;

describe('the door of health devices', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let freeBytes = Number.MAX_SAFE_INTEGER;
  const devices = new Map<string, TestDevice>();
  const clients: PhdAgentClient[] = [];

  before(async () => {
    const listFile = join(await temporaryDirectory(), 'agents.json');
    writeFileSync(listFile, JSON.stringify({ agents: AGENTS }));
    const phd = { host: '127.0.0.1', port: 0, listFile, tls: undefined };
    const outside = { freeBytesAt: () => Promise.resolve(freeBytes) };
    here = await startServerHere({ config: { phd }, outside });
    server = here.server;
    for (const device of ['oximeter', 'elsewhere', 'shared', 'other', 'retired']) {
      const { id: subjectId } = await server.addSubject(device);
      devices.set(device, await server.addDevice(subjectId, device));
    }
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.end();
  });
  after(async () => {
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  async function open(): Promise<PhdAgentClient> {
    const client = await PhdAgentClient.open(here.phdPort);
    clients.push(client);
    return client;
  }

  async function associated(n: number): Promise<PhdAgentClient> {
    const client = await open();
    assert.equal(await client.associate(id(n)), 0);
    return client;
  }

  const deviceOf = (name: string): TestDevice => {
    const device = devices.get(name);
    assert.ok(device !== undefined);
    return device;
  };
  const values = async (name: string, metric: string): Promise<number[]> =>
    (await server.readings(deviceOf(name).subjectId, metric)).map(({ value }) => value);
  const faults = async (name: string): Promise<string[]> =>
    (await server.parkedOf(deviceOf(name))).map(({ fault }) => fault);

  test('a confirmed report is answered once it is in the record of who wears the device', async () => {
    const agent = await associated(1);
    assert.equal(await agent.measure({ values: { [SPO2]: 97, [PULSE]: 71 } }), 'data');
    assert.deepEqual(await values('oximeter', 'spo2'), [97]);
    assert.deepEqual(await values('oximeter', 'pulse-rate-oximeter'), [71]);
    assert.equal(
      (await agent.ask({ kind: 'release-request', reason: 0 })).kind,
      'release-response',
    );
    assert.equal(await agent.associate(id(1)), 0);
  });

  test('it is told by FHIR as the personal health device that it is, but what a person said stays', async () => {
    const said = { kind: 'point-of-care' };
    await server.post(`/api/devices/${deviceOf('other').id}/about`, said);
    await associated(1);
    await associated(5);
    const about = await eventually('the device to be described', async () => {
      const { devices: all } = await server.get<DeviceList>('/api/devices');
      const [own, other] = ['oximeter', 'other'].map((name) => all.find((one) => one.id === name));
      return own?.about.kind === undefined ? undefined : [own.about, other?.about];
    });
    assert.deepEqual(about, [{ kind: 'personal', systemId: id(1) }, said]);
    const { subjectId } = deviceOf('oximeter');
    const path = `/fhir/R4/Observation?patient=${subjectId}&code=150456`;
    const [reading] = (await server.get<Bundle<Observation>>(path)).entry ?? [];
    assert.match(reading?.resource?.extension?.[0]?.url ?? '', /gatewayDevice/);
  });

  test('a limit calls for what a health device measures', async () => {
    const agent = await associated(1);
    await agent.measure({ values: { [SPO2]: 78, [PULSE]: 70 } });
    const { subjectId } = deviceOf('oximeter');
    const [alarm] = await eventually('the alarm', async () => {
      const alarms = await server.alarms(subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.deepEqual([alarm?.metric, alarm?.openingValue], ['spo2', 78]);
  });

  const REFUSED: [string, string][] = [
    ['that nobody has put on the list', 'FFFFFFFFFFFFFFFF'],
    ['of the list that stands elsewhere', id(2)],
    ['whose device is not registered', id(3)],
  ];
  for (const [who, systemId] of REFUSED) {
    test(`an agent ${who} may not associate, nor send without it`, async () => {
      const agent = await open();
      assert.equal(await agent.associate(systemId), UNAUTHORISED);
      assert.equal(await agent.measure({ values: { [SPO2]: 50 } }), 'abort');
      assert.deepEqual(await values('elsewhere', 'spo2'), []);
    });
  }

  test('a device that is out of use may not associate', async () => {
    const { id: device } = deviceOf('retired');
    const agent = await associated(6);
    await server.post(`/api/devices/${device}/unassignment`, {});
    await server.post(`/api/devices/${device}/disable`, {});
    assert.equal(await agent.measure({ values: { [SPO2]: 91 } }), 'abort', 'nor go on');
    assert.equal(await (await open()).associate(id(6)), UNAUTHORISED);
    assert.deepEqual(await faults('retired'), []);
  });

  test('of a shared device only its own person enters the record; the rest is kept', async () => {
    const agent = await associated(4);
    const told = agent.measure(
      { personId: 1, values: { [SPO2]: 60 } },
      { personId: 2, values: { [SPO2]: 96 } },
    );
    assert.equal(await told, 'data');
    assert.deepEqual(await values('shared', 'spo2'), [96]);
    assert.deepEqual(await faults('shared'), ['PATIENT_DIFFERS']);
    const unshared = await associated(5);
    await unshared.measure({ personId: 3, values: { [SPO2]: 61 } });
    assert.deepEqual(await values('other', 'spo2'), []);
    assert.deepEqual(await faults('other'), ['PATIENT_DIFFERS']);
  });

  test('an agent tells its own configuration once; the next time it is known', async () => {
    const agent = await open();
    const own = 0x4001;
    assert.equal(await agent.associate(id(5), own), UNKNOWN_CONFIGURATION);
    const attributes = [
      { id: ATTRIBUTE.TYPE, value: unhex('0002E14C') },
      { id: ATTRIBUTE.UNIT, value: unhex('17A0') },
      { id: ATTRIBUTE.VALUE_MAP, value: unhex('000200080A56000409900008') },
    ];
    const objects = [{ objectClass: NUMERIC, handle: 1, attributes }];
    const told = { kind: 'configuration', configId: own, objects } as const;
    const answer = await agent.report(EVENT_CONFIGURATION, told);
    assert.equal(answer.kind, 'data');
    const again = await open();
    assert.equal(await again.associate(id(5), own), 0);
    await eventually('the end of the old line', () => (agent.isEnded ? true : undefined));
  });

  test('what cannot be made durable is not confirmed, and is taken when it comes again', async () => {
    const agent = await associated(1);
    const isReady = async (wanted: boolean) => {
      const { ready } = await server.get<{ ready: boolean }>('/api/status');
      return ready === wanted ? true : undefined;
    };
    freeBytes = 0;
    await eventually('a full disk', () => isReady(false));
    assert.equal(await agent.measure({ values: { [SPO2]: 95 } }), 'abort');
    freeBytes = Number.MAX_SAFE_INTEGER;
    await eventually('room', () => isReady(true));
    assert.equal(await agent.associate(id(1)), 0);
    assert.equal(await agent.measure({ values: { [SPO2]: 95 } }), 'data');
    assert.ok((await values('oximeter', 'spo2')).includes(95));
  });

  test('bytes that are no APDU end the connection, and are kept where it is known whose they are', async () => {
    const stranger = await open();
    stranger.write(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
    await eventually('the end', () => (stranger.isEnded ? true : undefined));
    const agent = await associated(4);
    agent.write(unhex('E7000004FFFFFFFF'));
    await eventually('an abort', () => agent.answers.find(({ kind }) => kind === 'abort'));
    await eventually('the bytes', async () => {
      return (await faults('shared')).includes('PAYLOAD_MALFORMED') ? true : undefined;
    });
  });

  test('a segment of a store that nobody asked for is not confirmed: the agent keeps it', async () => {
    const agent = await associated(1);
    const segment = { segment: 1, entryIndex: 0, entryCount: 1, status: 0x4000 };
    const entries = new Uint8Array(2);
    const answer = await agent.report(EVENT_SEGMENT_DATA, {
      kind: 'segment-data',
      ...segment,
      entries,
    });
    assert.equal(answer.kind, 'abort');
  });
});
