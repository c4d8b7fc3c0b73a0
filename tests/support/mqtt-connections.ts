/** MQTT connections over real sockets, with the clock and the log in the test's own hand. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fail } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../apps/server/src/devices/known-device.ts';
import type { Answer } from '../../apps/server/src/doors/intake.ts';
import {
  Connection,
  type ConnectionPorts,
  errorsTopicOf,
} from '../../apps/server/src/doors/mqtt/connection.ts';
import { HoldingRoom } from '../../apps/server/src/doors/mqtt/holding.ts';
import { publication } from '../../apps/server/src/doors/mqtt/packets.ts';
import { type ConnectFields, publishPacket } from './mqtt-bytes.ts';
import { RawMqtt } from './raw-mqtt.ts';

export const DEVICE = { id: 'monitor-1' } as RegisteredDevice;
export const TOPIC = 'devices/monitor-1/readings';
export const STORED: Answer = { fault: undefined, stored: 1, faults: [] };
export const REFUSED: Answer = { fault: fail('STORE_FULL').fault, stored: 0, faults: [] };

interface Taken {
  readonly kind: string;
  readonly payload: string;
  readonly answer: (answer: Answer) => void;
}

/** One connection after another is served; the log answers when the test says so. */
export class MqttUnderTest implements AsyncDisposable {
  nowMs = 1_000_000;
  /** Until when a device that signs in may stay. */
  certificateUntilMs = Number.POSITIVE_INFINITY;
  readonly taken: Taken[] = [];
  readonly parked: Buffer[] = [];
  readonly left: string[] = [];
  readonly clientKeys: string[] = [];
  readonly connections: Connection[] = [];
  /** Three messages or so. */
  readonly room = new HoldingRoom(20);
  ended = 0;
  /** Answered at once when the test does not care. */
  answersItself: Answer | undefined;
  readonly #server = createServer({ noDelay: true });

  static async open(): Promise<MqttUnderTest> {
    const door = new MqttUnderTest();
    const ports: ConnectionPorts = {
      identify: ({ username }) => {
        const credential = { credential: 'token', untilMs: door.certificateUntilMs };
        return username === DEVICE.id
          ? { kind: 'device', device: DEVICE, ...credential }
          : undefined;
      },
      enrol: () => Promise.resolve(undefined),
      hearingOf: () => ({ follow: () => false, unfollow: () => undefined }),
      onOpen: (_, { clientKey }) => void door.clientKeys.push(clientKey),
      onEnd: () => {
        door.ended += 1;
      },
      takeIn: ({ kind, bytes }, answer) => {
        door.taken.push({ kind, payload: Buffer.from(bytes).toString(), answer });
        if (door.answersItself !== undefined) answer(door.answersItself);
      },
      parkOversize: (_, beginning) => door.parked.push(Buffer.from(beginning)),
      leave: ({ bytes }) => door.left.push(Buffer.from(bytes).toString()),
      holdingRoom: door.room,
      noticeOf: ({ id }, { code }) => publication(errorsTopicOf(id), code),
      newClientId: () => 'invented',
      nowMs: () => door.nowMs,
    };
    door.#server.on('connection', (socket) => {
      door.connections.push(new Connection(socket, ports));
    });
    await once(door.#server.listen(0, '127.0.0.1'), 'listening');
    return door;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get last(): Connection {
    return this.connections.at(-1) as Connection;
  }

  signIn(fields: ConnectFields = {}): Promise<RawMqtt> {
    return RawMqtt.signIn(this.port, { id: DEVICE.id, token: 'token' }, fields);
  }

  get payloads(): string[] {
    return this.taken.map(({ payload }) => payload);
  }

  /** As soon as so many messages have been taken in. */
  async takenIn(count: number): Promise<readonly Taken[]> {
    while (this.taken.length < count) await new Promise((resolve) => setImmediate(resolve));
    return this.taken;
  }

  async gone(count = 1): Promise<void> {
    while (this.ended < count) await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.end();
    await once(this.#server.close(), 'close');
  }
}

export const waveform = (packetId: number): Buffer =>
  publishPacket({
    topic: 'devices/monitor-1/waveforms',
    packetId,
    qos: 1,
    payload: `wave ${packetId}`,
  });

export const message = (packetId: number, qos: 0 | 1 | 2 = 1, payload?: string): Buffer =>
  publishPacket({ topic: TOPIC, packetId, qos, payload: payload ?? `message ${packetId}` });
