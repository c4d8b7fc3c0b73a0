/** A peer that says exactly the bytes it is told to say, for what no client library would do. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectFields, connectPacket, splitPackets } from './mqtt-bytes.ts';
import type { TestDevice } from './server.ts';

/** Long enough for a busy machine, short enough that a hang is seen. */
const WITHIN_MS = 20_000;

export class RawMqtt implements Disposable {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  isEnded = false;
  #received: Buffer[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#received.push(chunk));
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.isEnded = true;
        resolve();
      });
    });
  }

  /** From another address of this machine, if one is given. */
  static async open(port: number, localAddress = '127.0.0.1'): Promise<RawMqtt> {
    const place = { port, host: '127.0.0.1', localAddress };
    const socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    socket.once('end', () => socket.end());
    return new RawMqtt(socket);
  }

  /** Signed in as a device. */
  static async signIn(
    port: number,
    device: Pick<TestDevice, 'id' | 'token'>,
    fields: ConnectFields = {},
    localAddress?: string,
  ): Promise<RawMqtt> {
    const peer = await RawMqtt.open(port, localAddress);
    peer.send(connectPacket({ username: device.id, password: device.token, ...fields }));
    const [connack] = await peer.packets(1);
    if (connack?.toString('hex') !== '20020000')
      throw new Error(`CONNACK ${connack?.toString('hex')}`);
    peer.forget();
    return peer;
  }

  send(...packets: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(packets));
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** All that has come is of no more interest. */
  forget(): void {
    this.#received = [];
  }

  /** Waits until so many whole packets have come, and returns all that have. */
  async packets(count: number): Promise<Buffer[]> {
    const signal = AbortSignal.timeout(WITHIN_MS);
    for (;;) {
      const packets = splitPackets(this.received);
      if (packets.length >= count) return packets;
      if (this.isEnded) throw new Error(`ended after ${packets.length} of ${count} packets`);
      await Promise.race([once(this.socket, 'data', { signal }), this.ended]);
    }
  }

  /** As `packets`, each in hexadecimal digits. */
  async hex(count: number): Promise<string[]> {
    return (await this.packets(count)).map((bytes) => bytes.toString('hex'));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
