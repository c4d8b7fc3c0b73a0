/** The MQTT door's keeping of its connections: who makes room for whom, and when silence counts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PINGREQ } from '../../../../tests/support/mqtt-bytes.ts';
import { RawMqtt } from '../../../../tests/support/raw-mqtt.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { IntakePorts } from './intake.ts';
import { type MqttDoor, openMqttDoor } from './mqtt.ts';

const STRANGERS_MAX = 20;
const DEVICES = ['monitor-1', 'monitor-2'];

interface DoorUnderTest extends AsyncDisposable {
  readonly door: MqttDoor;
  /** Lets this much time pass in one step, then looks. */
  readonly pass: (ms: number) => void;
  readonly signIn: (id: string, clientId: string, keepAliveS?: number) => Promise<RawMqtt>;
}

async function openDoor(): Promise<DoorUnderTest> {
  let nowMs = 1_000_000;
  let look = (): void => {};
  const door = await openMqttDoor(
    { host: '127.0.0.1', port: 0 },
    {
      intake: {} as IntakePorts,
      signIn: ({ names: [id = ''] }) =>
        DEVICES.includes(id)
          ? { device: { id } as RegisteredDevice, credential: 'token', untilMs: Infinity }
          : undefined,
      onTwoPlaces: () => {},
      streams: { follow: () => false, unfollow: () => {}, leave: () => {}, look: () => {} },
      ...{ devices: new Map(), claimOpens: () => false, enrol: () => Promise.resolve(undefined) },
      newId: () => 'invented',
      nowMs: () => nowMs,
      unprovenMax: STRANGERS_MAX,
      every: (_, run) => {
        look = run;
        return () => {};
      },
    },
  );
  return {
    door,
    pass: (ms) => {
      nowMs += ms;
      look();
    },
    signIn: (id, clientId, keepAliveS = 0) =>
      RawMqtt.signIn(door.port, { id, token: 'token' }, { clientId, keepAliveS }),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

async function lives(peer: RawMqtt): Promise<boolean> {
  if (peer.isEnded) return false;
  peer.forget();
  peer.send(PINGREQ);
  return (await peer.hex(1))[0] === 'd000';
}

describe('the MQTT door', () => {
  test('gives a client id to the newest connection, of one device alone (3.1.4-2)', async () => {
    await using under = await openDoor();
    const first = await under.signIn('monitor-1', 'a');
    const ofAnother = await under.signIn('monitor-2', 'a');
    const otherId = await under.signIn('monitor-1', 'b');
    const second = await under.signIn('monitor-1', 'a');
    await first.ended;
    for (const peer of [ofAnother, otherId, second]) assert.ok(await lives(peer));
    const third = await under.signIn('monitor-1', 'a');
    await second.ended;
    assert.ok(await lives(third), 'the end of the one before does not take its place away');
    assert.equal(under.door.connections(), 3);
  });

  test('gives a device eight connections; the ninth ends the oldest', async () => {
    await using under = await openDoor();
    const other = await under.signIn('monitor-2', 'x');
    const peers: RawMqtt[] = [];
    for (let i = 0; i < 8; i += 1) peers.push(await under.signIn('monitor-1', `client-${i}`));
    for (const peer of peers) assert.ok(await lives(peer));
    peers.push(await under.signIn('monitor-1', 'client-8'));
    await peers[0]?.ended;
    for (const peer of [other, ...peers.slice(1)]) assert.ok(await lives(peer));
    // Taking over its own client id costs nobody else's connection.
    peers.push(await under.signIn('monitor-1', 'client-3'));
    await peers[3]?.ended;
    assert.equal(under.door.connections(), 9);
  });

  test('ends who is silent at the first look after one and a half times the keep-alive', async () => {
    await using under = await openDoor();
    const silent = await under.signIn('monitor-1', 'a', 2);
    const patient = await under.signIn('monitor-2', 'a', 60);
    for (let i = 0; i < 3; i += 1) under.pass(1_000);
    assert.ok(!silent.isEnded);
    under.pass(1_000);
    await silent.ended;
    assert.ok(await lives(patient));
  });

  for (const [what, ms] of [
    ['was held up for a minute', 60_000],
    ['had its clock set on by a day', 86_400_000],
    ['had its clock set back by a day', -86_400_000],
  ] as const) {
    test(`ends nobody because the server ${what}, and counts from there`, async () => {
      await using under = await openDoor();
      const peer = await under.signIn('monitor-1', 'a', 2);
      under.pass(ms);
      under.pass(1_000);
      assert.ok(await lives(peer));
      for (let i = 0; i < 4; i += 1) under.pass(1_000);
      await peer.ended;
    });
  }

  test('lets so many say nothing for ten seconds; of more, the oldest makes room', async () => {
    await using under = await openDoor();
    const device = await under.signIn('monitor-1', 'a');
    const strangers: RawMqtt[] = [];
    for (let i = 0; i < STRANGERS_MAX; i += 1) strangers.push(await RawMqtt.open(under.door.port));
    const [first, second] = strangers;
    assert.ok(first?.isEnded === false);
    strangers.push(await RawMqtt.open(under.door.port));
    await first.ended;
    assert.ok(await lives(device));
    assert.ok(await lives(await under.signIn('monitor-2', 'a')), 'a device finds its way in');
    await second?.ended;
    assert.equal(under.door.connections(), 2 + STRANGERS_MAX - 1);
    for (let i = 0; i < 11; i += 1) under.pass(1_000);
    await Promise.all(strangers.map(({ ended }) => ended));
    assert.equal(under.door.connections(), 2);
  });

  test('closes everybody with itself', async () => {
    const under = await openDoor();
    const peers = [await under.signIn('monitor-1', 'a'), await RawMqtt.open(under.door.port)];
    await under[Symbol.asyncDispose]();
    await Promise.all(peers.map(({ ended }) => ended));
    await assert.rejects(RawMqtt.open(under.door.port));
  });
});
