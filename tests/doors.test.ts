/** The ways in, as devices meet them: what is taken, what is refused, and what never ends the process. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import type { MqttClient } from 'mqtt';
import { runSample } from './support/line.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const MEBIBYTE = 1024 * 1024;

describe('the doors', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const message = (value: number, time = Date.now()): string =>
    JSON.stringify({ time, values: { 'heart-rate': value } });
  const topicOf = (device: TestDevice, kind = 'readings'): string => `devices/${device.id}/${kind}`;

  async function valuesOf(device: TestDevice): Promise<number[]> {
    return (await server.readings(device.subjectId, 'heart-rate')).map(({ value }) => value);
  }

  async function closed(client: MqttClient): Promise<void> {
    if (!client.connected) return;
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
  }

  test('MQTT: a wrong token and an unknown device look the same, and neither is let in', async () => {
    const device = await server.addPatient();
    const refused = /Connection refused: Bad username or password/;
    await assert.rejects(server.connect({ ...device, token: 'wrong' }), refused);
    await assert.rejects(server.connect({ ...device, id: 'nobody-here' }), refused);
    await assert.rejects(
      server.connect(device, { username: undefined, password: undefined }),
      refused,
    );
  });

  for (const foreign of [
    'devices/somebody-else/readings',
    'devices/OWN/other',
    'devices/OWN/readings/more',
    'elsewhere',
    '$SYS/x',
  ]) {
    test(`MQTT: publishing to ${foreign} ends the connection and stores nothing`, async () => {
      const device = await server.addPatient();
      const client = await server.connect(device);
      const gone = closed(client);
      client.publish(foreign.replace('OWN', device.id), message(70), { qos: 1 });
      await gone;
      assert.deepEqual(await valuesOf(device), []);
    });
  }

  test("MQTT: a device hears its own errors, and nobody else's messages", async () => {
    const [one, other] = [await server.addPatient(), await server.addPatient()];
    const client = await server.connect(one);
    await client.subscribeAsync(topicOf(one, 'errors'));
    for (const topic of [
      topicOf(other, 'errors'),
      topicOf(other),
      '#',
      'devices/+/readings',
      '$SYS/#',
    ]) {
      await assert.rejects(client.subscribeAsync(topic), /Unspecified error|refused|128/i, topic);
    }
    const heard: string[] = [];
    client.on('message', (topic) => heard.push(topic));
    const neighbour = await server.connect(other);
    await neighbour.publishAsync(topicOf(other), message(70), { qos: 1 });
    await neighbour.publishAsync(topicOf(other), 'nonsense', { qos: 1 });
    await client.publishAsync(topicOf(one), 'nonsense', { qos: 1 });
    await eventually('its own error', () => (heard.length > 0 ? true : undefined));
    assert.deepEqual(heard, [topicOf(one, 'errors')]);
    await Promise.all([client.endAsync(), neighbour.endAsync()]);
  });

  test('MQTT: what cannot be read is parked, reported, acknowledged, and the connection lives on', async () => {
    const device = await server.addPatient();
    const client = await server.connect(device);
    const reports: string[] = [];
    client.on('message', (_, payload) => reports.push(String(payload)));
    await client.subscribeAsync(topicOf(device, 'errors'));
    await client.publishAsync(topicOf(device), '{"values": {"canary', { qos: 1 });
    await client.publishAsync(
      topicOf(device),
      JSON.stringify({ values: { 'heart-rate': 71, aura: 3 } }),
      { qos: 1 },
    );
    await client.publishAsync(topicOf(device, 'waveforms'), randomBytes(200), { qos: 1 });
    await client.publishAsync(topicOf(device, 'events'), '[{"kind": "teleported"}]', { qos: 1 });
    await client.publishAsync(topicOf(device), message(72), { qos: 1 });
    await eventually('four reports', () => (reports.length === 4 ? true : undefined));
    assert.deepEqual(JSON.parse(reports[1] ?? ''), {
      stored: 1,
      parked: 1,
      faults: [{ index: 1, fault: 'METRIC_UNKNOWN', detail: 'aura' }],
    });
    assert.deepEqual(await valuesOf(device), [71, 72]);
    const parked = await server.parkedOf(device);
    const faults = parked.map(
      ({ fault, door }) => `${door} ${fault.replace(/^BLOCK_.*/, 'BLOCK')}`,
    );
    assert.deepEqual(faults.sort(), [
      'mqtt BLOCK',
      'mqtt METRIC_UNKNOWN',
      'mqtt PAYLOAD_MALFORMED',
      'mqtt PAYLOAD_MALFORMED',
    ]);
    assert.doesNotMatch(JSON.stringify(parked), /canary/, 'the list never holds a payload');
    await client.endAsync();
  });

  test('MQTT: bytes of every kind on every topic never end the process', async () => {
    const device = await server.addPatient();
    const client = await server.connect(device);
    const valid = encodeRuns([runSample({ startMs: Date.now() })], NO_COMPRESSION);
    assert.ok(valid.ok);
    const odd: Buffer[] = [
      '',
      'null',
      '[]',
      '{}',
      '[[]]',
      '{"values":{}}',
      '{"values":null}',
      '[{"n":"x"}]',
      '{"__proto__":{"values":1}}',
      '[{"bn":"","n":"heart-rate","v":1e400}]',
      '{"time":9e99,"values":{"heart-rate":1}}',
      '{"values":{"heart-rate":{"value":{}}}}',
      '['.repeat(5_000),
      '{"readings":[{"values":{"spo2":"> "}}]}',
    ].map((text) => Buffer.from(text));
    for (let i = 0; i < valid.value.length; i += 1) {
      const bent = Buffer.from(valid.value);
      bent[i] = (bent[i] ?? 0) ^ 0x55;
      odd.push(bent, bent.subarray(0, i));
    }
    const far = encodeRuns(
      [runSample({ startMs: Number.MIN_SAFE_INTEGER, rate: { numerator: 1, denominator: 9e15 } })],
      NO_COMPRESSION,
    );
    if (far.ok) odd.push(Buffer.from(far.value));
    for (const kind of ['readings', 'waveforms', 'events']) {
      await Promise.all(
        odd.map((bytes) => client.publishAsync(topicOf(device, kind), bytes, { qos: 1 })),
      );
    }
    await client.publishAsync(topicOf(device), message(70), { qos: 1 });
    assert.ok(client.connected);
    assert.ok((await valuesOf(device)).includes(70), 'the log still moves');
    assert.deepEqual(here.problems, []);
    await client.endAsync();
  });

  test('MQTT: a packet larger than any message may be closes its connection before it is gathered', async () => {
    const device = await server.addPatient();
    const client = await server.connect(device);
    const gone = closed(client);
    const before = process.memoryUsage().rss;
    client.publish(topicOf(device), Buffer.alloc(32 * MEBIBYTE, 0x20), { qos: 1 });
    await gone;
    // The sender's own 32 MiB and its copy are in this process too.
    assert.ok(process.memoryUsage().rss - before < 150 * MEBIBYTE);

    const unknown = connectSocket(server.mqttPort, '127.0.0.1');
    await once(unknown, 'connect');
    unknown.on('error', () => undefined);
    // A CONNECT that claims 256 MiB and never ends, from somebody who has not signed in.
    const ended = new Promise((resolve) => unknown.once('close', resolve));
    unknown.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    for (let sent = 0; sent < 3 * MEBIBYTE && !unknown.destroyed; sent += 65_536) {
      unknown.write(Buffer.alloc(65_536));
      await sleep(1);
    }
    await ended;
  });

  test('MQTT: quality of service 0, 1 and 2 are stored once each; a QoS 2 duplicate changes nothing', async () => {
    const device = await server.addPatient();
    const client = await server.connect(device);
    const now = Date.now();
    for (const qos of [0, 1, 2] as const)
      await client.publishAsync(topicOf(device), message(60 + qos, now + qos), { qos });
    await client.publishAsync(topicOf(device), message(62, now + 2), { qos: 2 });
    const values = await eventually('three readings', async () => {
      const stored = await valuesOf(device);
      return stored.length >= 3 ? stored : undefined;
    });
    assert.deepEqual(values, [60, 61, 62]);
    await client.endAsync();
  });

  test('MQTT: retained messages are not kept, and a last will harms nobody', async () => {
    const [device, other] = [await server.addPatient(), await server.addPatient()];
    const will = {
      topic: topicOf(other),
      payload: Buffer.from(message(199)),
      qos: 1 as const,
      retain: true,
    };
    const client = await server.connect(device, { will });
    await client.publishAsync(topicOf(device), message(70), { qos: 1, retain: true });
    client.stream.destroy();
    await closed(client);
    const again = await server.connect(device);
    const heard: string[] = [];
    again.on('message', (topic) => heard.push(topic));
    await again.subscribeAsync(topicOf(device, 'errors'));
    await again.publishAsync(topicOf(device), message(71), { qos: 1 });
    assert.deepEqual([heard, await valuesOf(device), await valuesOf(other)], [[], [70, 71], []]);
    await again.endAsync();
  });

  test("MQTT: a device that borrows another's client id does not throw it out", async () => {
    const [device, rogue] = [await server.addPatient(), await server.addPatient()];
    const client = await server.connect(device);
    const borrowed = await server.connect(rogue, { clientId: device.id });
    await borrowed.publishAsync(topicOf(rogue), message(80), { qos: 1 });
    await client.publishAsync(topicOf(device), message(70), { qos: 1 });
    assert.deepEqual([await valuesOf(device), await valuesOf(rogue)], [[70], [80]]);
    await Promise.all([client.endAsync(), borrowed.endAsync()]);
  });

  const ANSWERS = [
    { name: 'a reading', body: '{"values":{"heart-rate":70}}', status: 202 },
    { name: 'SenML', body: '[{"n":"heart-rate","u":"/min","v":70}]', status: 202 },
    { name: 'one good and one bad', body: '{"values":{"heart-rate":70,"aura":1}}', status: 202 },
    { name: 'an implausible value', body: '{"values":{"spo2":3}}', status: 202 },
    { name: 'nothing that can be placed', body: '{"values":{"aura":1}}', status: 422 },
    { name: 'no JSON', body: 'heart-rate=70', status: 422 },
    { name: 'nothing at all', body: '', status: 422 },
    { name: 'more than a message may be', body: Buffer.alloc(MEBIBYTE + 1, 0x20), status: 413 },
  ];

  for (const { name, body, status } of ANSWERS) {
    test(`HTTP: ${name} is answered with ${status}`, async () => {
      const response = await server.send(await server.addPatient(), body);
      assert.equal(response.status, status, await response.text());
    });
  }

  test('HTTP: without its token, or with the token of another, a device is not let in', async () => {
    const [device, other] = [await server.addPatient(), await server.addPatient()];
    for (const token of ['', 'wrong', other.token, server.token]) {
      assert.equal((await server.send({ ...device, token }, message(70))).status, 401);
    }
    for (const id of ['never-heard-of', '%2e%2e']) {
      assert.equal((await server.send({ ...device, id }, message(70))).status, 401);
    }
    // No address holds U+0000.
    const nul = { ...device, id: `${device.id}%00` };
    assert.equal((await server.send(nul, message(70))).status, 400);
    assert.deepEqual(await valuesOf(device), []);
  });

  test('HTTP: the same message sent again changes nothing, parked or stored', async () => {
    const device = await server.addPatient();
    const body = JSON.stringify({ time: Date.now(), values: { 'heart-rate': 70, aura: 1 } });
    const answers = await Promise.all(
      [1, 2, 3].map(async () => (await server.send(device, body)).json()),
    );
    const faults = [{ index: '1', fault: 'METRIC_UNKNOWN', detail: 'aura' }];
    const expected = { stored: 1, parked: 1, faults };
    assert.deepEqual(answers, [expected, expected, expected]);
    assert.deepEqual(await valuesOf(device), [70]);
    assert.equal((await server.parkedOf(device)).length, 1);
  });

  test('HTTP: content of any type is read as bytes', async () => {
    const device = await server.addPatient();
    for (const type of ['application/senml+json', 'text/plain', 'application/octet-stream']) {
      const headers = { authorization: `Bearer ${device.token}`, 'content-type': type };
      const response = await server.fetch(`/api/devices/${device.id}/readings`, {
        method: 'POST',
        headers,
        body: message(70),
      });
      assert.equal(response.status, 202, type);
    }
  });

  test('both doors store the same', async () => {
    const [one, other] = [await server.addPatient(), await server.addPatient()];
    const client = await server.connect(one);
    const now = Date.now();
    const bodies = [
      JSON.stringify({
        time: now,
        values: { 'heart-rate': 70.5, spo2: 101, 'glucose-capillary': 'HI' },
      }),
      JSON.stringify([{ n: 'body-temperature', u: 'Cel', v: 37.0, t: now / 1000 }]),
      JSON.stringify({
        readings: [
          {
            time: now + 1,
            values: { 'heart-rate': { value: 71, flags: ['questionable'] } },
            simulated: true,
          },
        ],
      }),
    ];
    for (const body of bodies) {
      await client.publishAsync(topicOf(one), body, { qos: 1 });
      assert.equal((await server.send(other, body)).status, 202);
    }
    const metrics = 'heart-rate,spo2,glucose-capillary,body-temperature';
    const [byMqtt, byHttp] = await Promise.all(
      [one, other].map(async ({ subjectId }) =>
        (await server.readings(subjectId, metrics)).map((line) => ({ ...line, device: '' })),
      ),
    );
    assert.equal(byMqtt?.length, 5);
    assert.deepEqual(byHttp, byMqtt);
    await client.endAsync();
  });
});
