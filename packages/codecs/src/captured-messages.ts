import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { AstmReceiver, ENQ, readFrame } from './astm-frame.ts';
import { MLLP_START, MllpParser } from './mllp.ts';

const STX = 0x02;

/**
 * The messages of a capture: HL7 v2 in its MLLP frames, ASTM in its frames or its whole transfer. What
 * has no frame is one message.
 */
export function messagesIn(language: string, bytes: Uint8Array): Result<Uint8Array>[] {
  const name = language.toLowerCase();
  if (name === 'hl7' && bytes[0] === MLLP_START) return framedByMllp(bytes);
  if (name === 'astm' && bytes[0] === ENQ) return transferred(bytes);
  if (name === 'astm' && bytes[0] === STX) {
    const frame = readFrame(bytes);
    return [typeof frame === 'string' ? fail('PAYLOAD_MALFORMED', frame) : ok(frame.text)];
  }
  return [ok(bytes)];
}

function framedByMllp(bytes: Uint8Array): Result<Uint8Array>[] {
  const parser = new MllpParser({ bytesMax: bytes.length });
  const messages = parser
    .push(bytes)
    .map((event) =>
      event.kind === 'message' ? ok(event.bytes) : { ok: false as const, fault: event.fault },
    );
  if (parser.heldBytes > 0) messages.push(fail('PAYLOAD_MALFORMED', 'a frame without its end'));
  return messages;
}

function transferred(bytes: Uint8Array): Result<Uint8Array>[] {
  const receiver = new AstmReceiver();
  const messages: Result<Uint8Array>[] = [];
  for (const octet of bytes) {
    for (const event of receiver.push(Uint8Array.of(octet))) {
      if (event.kind === 'fault') messages.push({ ok: false, fault: event.fault });
      if (event.kind !== 'message') continue;
      messages.push(ok(event.bytes));
      receiver.settle({ isDurable: true });
    }
  }
  if (receiver.heldBytes > 0) messages.push(fail('PAYLOAD_MALFORMED', 'a transfer without its L'));
  return messages;
}
