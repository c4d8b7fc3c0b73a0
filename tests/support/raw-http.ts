/** HTTP byte by byte, as no client library would send it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './server.ts';

export class RawHttp implements Disposable {
  readonly #socket: Socket;
  #text = '';
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<RawHttp> {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  /** Written as they are: a line ends where the text says so. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  get received(): string {
    return this.#text;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get answers(): number {
    return [...this.#text.matchAll(/^HTTP\/1\.1 (?!100)/gm)].length;
  }

  async answered(count = 1): Promise<string> {
    return await eventually(`${count} answers`, () =>
      this.answers >= count || this.#isClosed ? this.#text : undefined,
    );
  }

  async closed(): Promise<string> {
    return await eventually('the server to hang up', () =>
      this.#isClosed ? this.#text : undefined,
    );
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
