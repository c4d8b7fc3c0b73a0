// One device's connection of the load: sends patched packets, counts acknowledgements.
import { connect, type Socket } from 'node:net';
import { type DenseForm, densePacket, MOMENTS_PER_MESSAGE } from './dense-messages.ts';
import { connectPacket, packetRing } from './packets.ts';

const CONNACK = 0x20;
const PUBACK = 0x40;
const ANSWER_BYTES = 4;

export interface LoadDevice {
  readonly id: string;
  readonly token: string;
}

export interface LoadConnection {
  readonly inFlight: number;
  /** Sends up to `count` messages, as far as slots are free; answers how many. `dueMs` dates their latency. */
  send(count: number, dueMs: number): number;
  close(): void;
}

/** What a device has sent in all legs: its stamps, in order of sequence. */
export interface SentStamps {
  stamps: Float64Array;
  count: number;
}

export interface ConnectionOptions {
  readonly port: number;
  readonly device: number;
  readonly credentials: LoadDevice;
  readonly slots: number;
  readonly dense: DenseForm | undefined;
  readonly sent: SentStamps;
  /** Called once for each read of the socket, with how many messages it acknowledged. */
  readonly onAcknowledged: (connection: LoadConnection, latenciesMs: readonly number[]) => void;
  readonly onLost: (why: string) => void;
}

/** Resolves once the broker has taken the connection. */
export async function openConnection(options: ConnectionOptions): Promise<LoadConnection> {
  const { port, device, credentials, slots, dense, sent, onAcknowledged, onLost } = options;
  const ring = packetRing(credentials.id, slots);
  const sentAtMs = new Float64Array(slots);
  const isFree = new Uint8Array(slots).fill(1);
  let free = slots;
  let nextSlot = 0;
  let isClosed = false;
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await accepted(socket, connectPacket(credentials));

  const connection: LoadConnection = {
    get inFlight() {
      return slots - free;
    },
    send(count, dueMs) {
      const sending = Math.min(count, free);
      let from = nextSlot;
      for (let done = 0; done < sending; done += 1) {
        const slot = nextSlot;
        // Acknowledgements come in the order of sending, so the slots are used in turn.
        if (isFree[slot] === 0) throw new Error('an acknowledgement came out of turn');
        sentAtMs[slot] = dueMs;
        isFree[slot] = 0;
        nextSlot = slot + 1;
        if (dense !== undefined) {
          socket.write(nextDense(options, slot + 1, dense));
          from = nextSlot %= slots;
          continue;
        }
        ring.fill(slot, { device, sequence: sent.count, stampMs: nextStamp(sent) });
        if (nextSlot < slots) continue;
        socket.write(ring.bytes.subarray(from * ring.packetBytes));
        from = nextSlot = 0;
      }
      if (nextSlot > from) {
        socket.write(ring.bytes.subarray(from * ring.packetBytes, nextSlot * ring.packetBytes));
      }
      free -= sending;
      return sending;
    },
    close() {
      isClosed = true;
      socket.destroy();
    },
  };

  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const nowMs = performance.now();
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const latenciesMs: number[] = [];
    let at = 0;
    for (; at + ANSWER_BYTES <= bytes.length; at += ANSWER_BYTES) {
      const slot = bytes.readUInt16BE(at + 2) - 1;
      if (bytes[at] !== PUBACK || isFree[slot] !== 0)
        return onLost('an answer that is no PUBACK of ours');
      isFree[slot] = 1;
      latenciesMs.push(nowMs - (sentAtMs[slot] as number));
    }
    free += latenciesMs.length;
    rest = bytes.subarray(at);
    onAcknowledged(connection, latenciesMs);
  });
  socket.on('close', () => {
    if (!isClosed) onLost('the broker closed a connection');
  });
  socket.on('error', () => {});
  return connection;
}

async function accepted(socket: Socket, hello: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the broker closed the connection at once')));
    socket.once('connect', () => socket.write(hello));
    socket.once('data', (answer: Buffer) => {
      if (answer[0] === CONNACK && answer[3] === 0) resolve();
      else reject(new Error(`the broker refused a connection with code ${answer[3]}`));
    });
  });
  socket.removeAllListeners();
}

function nextDense(options: ConnectionOptions, packetId: number, form: DenseForm): Buffer {
  const { device, sent, credentials } = options;
  const sequence = sent.count;
  const stampsMs = Float64Array.from({ length: MOMENTS_PER_MESSAGE }, () => nextStamp(sent));
  const moments = { device, sequence, stampsMs };
  return densePacket(credentials.id, packetId, { form, moments });
}

/** This moment, or a millisecond after the last stamp: a device never stamps twice alike. */
function nextStamp(sent: SentStamps): number {
  const last = sent.count === 0 ? 0 : (sent.stamps[sent.count - 1] as number);
  if (sent.count === sent.stamps.length) {
    const wider = new Float64Array(Math.max(1024, sent.stamps.length * 2));
    wider.set(sent.stamps);
    sent.stamps = wider;
  }
  const stampMs = Math.max(Date.now(), last + 1);
  sent.stamps[sent.count] = stampMs;
  sent.count += 1;
  return stampMs;
}
