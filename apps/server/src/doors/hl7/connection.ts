/**
 * One connection of a sending system: messages are answered in the order in which they came, each
 * once it is durable. While too many wait, the connection is not read.
 */
import type { Socket } from 'node:net';
import { frameMllp, MllpParser } from '@ausculta/codecs/mllp';
import type { Fault } from '@ausculta/vitals/fault';
import type { Peer } from '../peers.ts';
import type { Attempt, Patience } from './patience.ts';

/** A bedside monitor's fullest minute of twelve leads is a tenth of it. */
const MESSAGE_BYTES_MAX = 256 * 1024;

/** Of a sender that does not wait for its answers: a few commits' worth. */
const WAITING_MAX = 64;

/**
 * What is read at once holds some hundred messages at most. Frames without anything in them would be
 * sixty thousand, each with an answer, and every other device would wait for that.
 */
const READ_AT_ONCE_MAX = 1_024;

/** Answers that the other end does not read. */
const UNREAD_BYTES_MAX = 256 * 1024;

/** Between messages a connection may be silent for hours; inside of one it may not. */
const UNFINISHED_MS = 30_000;

export interface ConnectionPorts {
  /** The acknowledgement of a message; undefined where its sender wants none. Never rejects. */
  readonly take: (bytes: Uint8Array, peer: Peer) => Promise<Attempt>;
  /** Of all connections of the door. */
  readonly patience: Patience;
  /** The answer to what is no message. */
  readonly refuse: (fault: Fault) => string;
  readonly onEnd: () => void;
}

export class Hl7Connection {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #ports: ConnectionPorts;
  readonly #parser = new MllpParser({ bytesMax: MESSAGE_BYTES_MAX });
  /** The last answer to be written; the next one follows it. */
  #answered: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** The last of those that are slowed: what comes behind it keeps its place. */
  #slowed: Promise<unknown> | undefined;
  #isEnding = false;

  constructor(socket: Socket, peer: Peer, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#peer = peer;
    this.#ports = ports;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, UNFINISHED_MS);
    socket.setTimeout(UNFINISHED_MS);
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('timeout', () => {
      if (this.#parser.heldBytes > 0) socket.destroy();
    });
    // A broken line is the other end's to mend: what was not answered is sent again.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => ports.onEnd());
  }

  /** Ends once what waits has been answered. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#socket.pause();
    await this.#answered;
    this.#socket.destroySoon();
  }

  drop(): void {
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array): void {
    for (const event of this.#parser.push(bytes)) {
      if (this.#waiting >= READ_AT_ONCE_MAX) {
        this.#socket.destroy();
        return;
      }
      const answer =
        event.kind === 'message'
          ? this.#take(event.bytes)
          : Promise.resolve(this.#ports.refuse(event.fault));
      this.#waiting += 1;
      this.#answered = this.#answered.then(async () => this.#write(await answer));
    }
    if (this.#waiting >= WAITING_MAX) this.#socket.pause();
  }

  async #take(bytes: Uint8Array): Promise<string | undefined> {
    const { take, patience } = this.#ports;
    const { deadlineMs } = patience;
    if (this.#slowed === undefined) {
      const { answer, isTooSoon } = await take(bytes, this.#peer);
      if (!isTooSoon) return answer;
    }
    const before = this.#slowed ?? Promise.resolve();
    const attempt = () => take(bytes, this.#peer);
    const isOver = () => this.#isEnding || this.#socket.destroyed;
    const mine = before.then(() =>
      patience.wait({ bytes: bytes.length, deadlineMs }, attempt, isOver),
    );
    this.#slowed = mine;
    this.#socket.pause();
    const answer = await mine;
    if (this.#slowed === mine) this.#slowed = undefined;
    return answer;
  }

  #write(answer: string | undefined): void {
    this.#waiting -= 1;
    const isRead = this.#slowed === undefined && this.#waiting < WAITING_MAX / 2;
    if (isRead && !this.#isEnding) this.#socket.resume();
    if (answer === undefined || !this.#socket.writable) return;
    this.#socket.write(frameMllp(new TextEncoder().encode(answer)));
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.#socket.destroy();
  }
}
