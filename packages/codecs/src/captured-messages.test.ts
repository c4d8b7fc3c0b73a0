import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFrames } from './astm-frame.ts';
import { messagesIn } from './captured-messages.ts';
import { frameMllp } from './mllp.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

function texts(language: string, bytes: Uint8Array): string[] {
  return messagesIn(language, bytes).map((message) =>
    message.ok ? new TextDecoder().decode(message.value) : `${message.fault.detail}`,
  );
}

const ORU = 'MSH|^~\\&|a\r';
const RECORDS = ['H|\\^&\r', 'R|1|2339-0|101|mg/dL\r', 'L|1\r'];
const FRAMES = writeFrames(RECORDS.map(utf8));

const CAPTURES = [
  { name: 'a message without a frame', language: 'hl7', bytes: utf8(ORU), messages: [ORU] },
  {
    name: 'two messages over MLLP',
    language: 'HL7',
    bytes: Uint8Array.from([...frameMllp(utf8(ORU)), ...frameMllp(utf8('MSH2'))]),
    messages: [ORU, 'MSH2'],
  },
  {
    name: 'a message over MLLP that goes on beyond the capture',
    language: 'hl7',
    bytes: frameMllp(utf8(ORU)).subarray(0, 8),
    messages: ['a frame without its end'],
  },
  {
    name: 'one frame of ASTM',
    language: 'astm',
    bytes: FRAMES[1] ?? new Uint8Array(),
    messages: [RECORDS[1]],
  },
  {
    name: 'a frame of ASTM with a wrong checksum',
    language: 'astm',
    bytes: Uint8Array.from(FRAMES[1] ?? [], (octet, at) => (at === 4 ? 65 : octet)),
    messages: ['the checksum is wrong'],
  },
  {
    name: 'two transfers of ASTM',
    language: 'astm',
    bytes: Uint8Array.from([5, ...FRAMES.flatMap((f) => [...f]), 4, 5, ...(FRAMES[0] ?? []), 4]),
    messages: [RECORDS.join(''), 'a transfer without its L'],
  },
  { name: 'other bytes', language: 'gatt:2a37', bytes: utf8('\v'), messages: ['\v'] },
];

for (const { name, language, bytes, messages } of CAPTURES) {
  test(`a capture holds ${name}`, () => assert.deepEqual(texts(language, bytes), messages));
}
