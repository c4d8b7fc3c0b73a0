/** Ten thousand packets that nobody meant: nothing breaks, nobody is let in, nothing is taken for another's. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { Connection, type ConnectionPorts } from '../../apps/server/src/doors/mqtt/connection.ts';
import { HoldingRoom } from '../../apps/server/src/doors/mqtt/holding.ts';
import { bentPackets } from '../support/bent-packets.ts';
import { connectPacket, PINGREQ } from '../support/mqtt-bytes.ts';
import { DEVICE, STORED } from '../support/mqtt-connections.ts';
import { RawMqtt } from '../support/raw-mqtt.ts';
import { startServerHere } from '../support/server.ts';

const PACKETS = 10_000;
const BY_NETWORK = 500;
const AT_ONCE = 50;
const SEED = 20_261_122;

/** A connection that hears what it is told to hear, without a network. */
function connectionOf(taken: string[]): Socket {
  const socket = new Socket();
  const ports: ConnectionPorts = {
    identify: ({ password }) =>
      password?.toString() === 'token'
        ? { kind: 'device', device: DEVICE, credential: 'token', untilMs: Number.POSITIVE_INFINITY }
        : undefined,
    enrol: () => Promise.resolve(undefined),
    hearingOf: () => ({ follow: () => false, unfollow: () => undefined }),
    onOpen: () => undefined,
    onEnd: () => undefined,
    takeIn: ({ device }, answer) => {
      taken.push(device.id);
      answer(STORED);
    },
    leave: () => undefined,
    holdingRoom: new HoldingRoom(1_000),
    noticeOf: () => Buffer.alloc(0),
    parkOversize: ({ id }) => taken.push(id),
    newClientId: () => 'invented',
    nowMs: () => 0,
  };
  new Connection(socket, ports).look(0);
  return socket;
}

describe('generated packets', () => {
  test(`${PACKETS} of strangers are taken for nothing`, (t) => {
    const next = bentPackets(SEED, DEVICE.id);
    const taken: string[] = [];
    for (let i = 0; i < PACKETS; i += 1) connectionOf(taken).emit('data', next());
    assert.deepEqual(taken, []);
    t.diagnostic(`seed ${SEED}`);
  });

  test(`${PACKETS} of somebody who has signed in are taken for his own or for nothing`, () => {
    const next = bentPackets(SEED + 1, 'monitor-2');
    const taken: string[] = [];
    for (let i = 0; i < PACKETS; i += 1) {
      const socket = connectionOf(taken);
      socket.emit('data', connectPacket({ username: DEVICE.id, password: 'token' }));
      socket.emit('data', next());
    }
    // What is as large as it says is parked as its own; there is no message under another's name.
    assert.ok(taken.every((id) => id === DEVICE.id));
    assert.ok(taken.length < PACKETS / 10);
  });

  test('by the network they change nothing, and everybody else is served meanwhile', async () => {
    await using here = await startServerHere();
    const victim = await here.server.addPatient();
    const { mqttPort } = here.server;
    using bystander = await RawMqtt.signIn(mqttPort, await here.server.addPatient());
    const next = bentPackets(SEED + 2, victim.id);
    let sent = 0;
    const sendSome = async (): Promise<void> => {
      while (sent < BY_NETWORK) {
        sent += 1;
        using peer = await RawMqtt.open(mqttPort);
        peer.send(next());
        peer.socket.end();
        await peer.ended;
        assert.ok(!peer.received.toString('hex').startsWith('20020000'), 'nobody is let in');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sendSome));
    bystander.send(PINGREQ);
    assert.deepEqual(await bystander.hex(1), ['d000']);
    assert.deepEqual(await here.server.readings(victim.subjectId, 'heart-rate'), []);
    assert.deepEqual(await here.server.parkedOf(victim), []);
    assert.deepEqual(here.problems, []);
  });
});
