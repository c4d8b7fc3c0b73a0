/** An alarm manager of the house: takes reports of alerts over MLLP, and acknowledges them, or does not. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { decodeHl7, type Hl7Decoded } from '@ausculta/codecs/hl7';
import { writeAck } from '@ausculta/codecs/hl7-ack';
import { frameMllp, MllpParser } from '@ausculta/codecs/mllp';
import { fail } from '@ausculta/vitals/fault';

export interface AlarmManagerHere extends AsyncDisposable {
  readonly port: number;
  readonly seen: { readonly text: string; readonly decoded: Hl7Decoded }[];
  /** How the next ones are answered: taken, refused, or not at all. */
  answer: 'take' | 'refuse' | 'never';
}

const TLS_HANDSHAKE = 0x16;

export async function alarmManager(): Promise<AlarmManagerHere> {
  const seen: AlarmManagerHere['seen'] = [];
  const sockets = new Set<Socket>();
  let answer: AlarmManagerHere['answer'] = 'take';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const parser = new MllpParser({ bytesMax: 1024 * 1024 });
    socket.on('data', (bytes) => {
      // Whoever begins a handshake of TLS is shown the door, and needs not wait.
      if (bytes[0] === TLS_HANDSHAKE) socket.destroy();
      for (const event of parser.push(bytes)) {
        const decoded = event.kind === 'message' ? decodeHl7(event.bytes) : undefined;
        if (event.kind !== 'message' || decoded?.ok !== true) continue;
        seen.push({ text: new TextDecoder().decode(event.bytes), decoded: decoded.value });
        if (answer === 'never') continue;
        const fault = answer === 'take' ? undefined : fail('PAYLOAD_MALFORMED').fault;
        const context = { sendingApplication: 'MANAGER', nowMs: Date.now(), controlId: 'ack' };
        const ack = writeAck(decoded.value.header, { ...(fault && { fault }) }, context);
        if (ack !== undefined) socket.write(frameMllp(new TextEncoder().encode(ack)));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
