/** Clients that we did not write speak to the MQTT door: mosquitto's and Paho's. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Outcome, runPeer } from './support/debian-peers.ts';
import { missingPeers, pythonWithPaho } from './support/mqtt-peers.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

const why = missingPeers();
const QOS = [0, 1, 2] as const;

/** Publishes what it reads, a message a line, and ends once all of it is acknowledged. */
const PAHO = `
import sys, paho.mqtt.client as mqtt
port, name, token, topic, qos = sys.argv[1:]
try:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id="paho-" + name)
except AttributeError:
    client = mqtt.Client(client_id="paho-" + name)
client.username_pw_set(name, token)
client.max_inflight_messages_set(0)
client.connect("127.0.0.1", int(port), keepalive=30)
client.loop_start()
sent = [client.publish(topic, line.strip(), qos=int(qos)) for line in sys.stdin]
for one in sent:
    one.wait_for_publish(15)
client.disconnect()
client.loop_stop()
sys.exit(0 if all(one.is_published() for one in sent) else 1)
`;

describe('clients of others', { skip: why ?? false }, () => {
  let here: ServerHere;
  before(async () => {
    here = await startServerHere();
  });
  after(() => here?.[Symbol.asyncDispose]());

  const mosquitto = (program: string, device: TestDevice, ...args: readonly string[]) => {
    const place = ['-h', '127.0.0.1', '-p', String(here.server.mqttPort), '-V', 'mqttv311'];
    const credentials = ['-u', device.id, '-P', device.token, '-i', `${program}-${device.id}`];
    return (input = ''): Promise<Outcome> =>
      runPeer(program, [...place, ...credentials, ...args], input);
  };

  const lines = (count: number): { values: number[]; text: string } => {
    const fromMs = Date.now() - count;
    const values = Array.from({ length: count }, (_, i) => 60 + (i % 40) / 2);
    const all = values.map((value, i) =>
      JSON.stringify({ time: fromMs + i, values: { 'heart-rate': value } }),
    );
    return { values, text: `${all.join('\n')}\n` };
  };

  async function assertStored(device: TestDevice, values: readonly number[]): Promise<void> {
    const stored = await eventually(`${values.length} readings`, async () => {
      const found = await here.server.readings(device.subjectId, 'heart-rate');
      return found.length >= values.length ? found : undefined;
    });
    assert.deepEqual(
      stored.map(({ value }) => value),
      values,
    );
  }

  for (const qos of QOS) {
    test(`mosquitto_pub at QoS ${qos}: every message is stored once`, async () => {
      const device = await here.server.addPatient();
      const { values, text } = lines(200);
      const topic = `devices/${device.id}/readings`;
      const args = ['-t', topic, '-q', String(qos), '-l'];
      const { code, output } = await mosquitto('mosquitto_pub', device, ...args)(text);
      assert.equal(code, 0, output);
      await assertStored(device, values);
    });

    test(`Paho for Python at QoS ${qos}, all at once: every message is stored once`, async () => {
      const device = await here.server.addPatient();
      const { values, text } = lines(1_500);
      const args = [device.id, device.token, `devices/${device.id}/readings`, String(qos)];
      const port = String(here.server.mqttPort);
      const { code, output } = await runPeer(
        pythonWithPaho() ?? 'python3',
        ['-c', PAHO, port, ...args],
        text,
      );
      assert.equal(code, 0, output);
      await assertStored(device, values);
    });
  }

  test('mosquitto_sub hears the errors of its own device', async () => {
    const device = await here.server.addPatient();
    const hears = mosquitto(
      'mosquitto_sub',
      device,
      '-t',
      `devices/${device.id}/errors`,
      '-C',
      '1',
    );
    const heard = hears();
    const topic = `devices/${device.id}/readings`;
    // It may not have subscribed yet: nonsense is sent until it has heard of some.
    const speak = mosquitto('mosquitto_pub', device, '-t', topic, '-q', '1', '-m', 'nonsense');
    let isOver = false;
    void heard.then(() => {
      isOver = true;
    });
    await eventually('the report', async () => {
      await speak();
      return isOver ? true : undefined;
    });
    const { code, output } = await heard;
    assert.equal(code, 0, output);
    assert.match(output, /"fault":"PAYLOAD_MALFORMED"/);
  });

  test('are told what is wrong: credentials, topic, version', async () => {
    const device = await here.server.addPatient();
    const topic = `devices/${device.id}/readings`;
    const message = ['-t', topic, '-q', '1', '-m', '{"values":{"heart-rate":70}}'];
    const wrong = await mosquitto('mosquitto_pub', { ...device, token: 'x' }, ...message)();
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.output, /not authorised|Bad user ?name or password/i);
    for (const version of ['mqttv31', 'mqttv5']) {
      const refused = await mosquitto('mosquitto_pub', device, '-V', version, ...message)();
      assert.notEqual(refused.code, 0);
      assert.match(refused.output, /protocol version/i, version);
    }
    assert.deepEqual(await here.server.readings(device.subjectId, 'heart-rate'), []);
  });
});
