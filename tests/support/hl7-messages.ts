/** A sender of HL7 v2, and the messages of a monitor. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frameMllp, MllpParser } from '@ausculta/codecs/mllp';
import { eventually } from './server.ts';

export async function openMllp(port: number | undefined): Promise<MllpClient> {
  const socket = connect(port ?? 0, '127.0.0.1');
  await once(socket, 'connect');
  return new MllpClient(socket);
}

/** Sends what it is given and gathers the answers. */
export class MllpClient {
  readonly #socket: Socket;
  readonly #parser = new MllpParser({ bytesMax: 64 * 1024 });
  readonly answers: string[] = [];
  isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isEnded = true;
    });
    socket.on('data', (bytes) => {
      for (const event of this.#parser.push(bytes)) {
        assert.equal(event.kind, 'message');
        if (event.kind === 'message') this.answers.push(new TextDecoder().decode(event.bytes));
      }
    });
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The answer to one more message. */
  async ask(message: string): Promise<string> {
    const before = this.answers.length;
    this.write(frameMllp(new TextEncoder().encode(message)));
    return await eventually('an acknowledgement', () => Promise.resolve(this.answers[before]));
  }

  end(): void {
    this.#socket.destroy();
  }
}

export interface Said {
  readonly application?: string;
  readonly id?: string;
  readonly modes?: string;
  readonly type?: string;
  readonly pid?: string;
  /** PV1-3. */
  readonly bed?: string;
  readonly atMs?: number;
  readonly rows: readonly string[];
}

export function message({
  application = 'MONITOR',
  id = '1',
  modes = '|',
  type,
  pid,
  bed,
  atMs = Date.now(),
  rows,
}: Said): string {
  const segments = [
    `MSH|^~\\&|${application}|WARD|||${hl7Time(Date.now())}||${type ?? 'ORU^R01^ORU_R01'}|${id}|P|2.6|||${modes}||UNICODE UTF-8`,
    ...(pid === undefined ? [] : [`PID|||${pid}^^^H^MR`]),
    ...(bed === undefined ? [] : [`PV1||I|${bed}`]),
    `OBR|1|||182777000^monitoring of patient^SCT|||${hl7Time(atMs)}`,
    ...rows,
  ];
  return segments.map((segment) => `${segment}\r`).join('');
}

export function hl7Time(atMs: number): string {
  return `${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').replace('Z', '')}+0000`;
}

export function heartRate(value: number | string, equipment = ''): string {
  return `OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|${value}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||||||${equipment}`;
}

/** The fields of an answer's first segment of a name. */
export const fields = (answer: string, segment: string): string[] =>
  answer
    .split('\r')
    .find((line) => line.startsWith(segment))
    ?.split('|') ?? [];
