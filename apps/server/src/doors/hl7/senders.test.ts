import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeader } from '@ausculta/codecs/hl7-header';
import { parseHl7 } from '@ausculta/codecs/hl7-message';
import type { DeviceId } from '@ausculta/vitals/identity';
import { isExpected } from '../peers.ts';
import { findSender, type Hl7Sender, maySpeakFor, readSenders } from './senders.ts';

const PRINT = 'ab'.repeat(32);

function senders(...list: readonly object[]): readonly Hl7Sender[] {
  const read = readSenders(JSON.stringify({ senders: list }));
  if (typeof read === 'string') assert.fail(read);
  return read;
}

const MONITOR = { device: 'monitor-1', application: 'MONITOR', addresses: ['10.0.0.0/24'] };
const ENGINE = { device: 'engine', application: 'ENGINE', facility: 'WARD', certificate: PRINT };

function find(list: readonly Hl7Sender[], msh: string, address: string, certificate?: string) {
  const message = parseHl7(new TextEncoder().encode(`MSH|^~\\&|${msh}|||2026||ACK|1|P|2.6\r`));
  assert.ok(message.ok);
  const said = { header: readHeader(message.value), delimiters: message.value.delimiters };
  return findSender(list, { address, certificate }, said)?.device;
}

const CASES = [
  { msh: 'MONITOR|', address: '10.0.0.7', device: 'monitor-1' },
  { msh: 'MONITOR^00A0^EUI-64|X', address: '10.0.0.7', device: 'monitor-1' },
  { msh: 'X^MONITOR|', address: '10.0.0.7', device: 'monitor-1' },
  { msh: 'MONITOR2|', address: '10.0.0.7', device: undefined },
  { msh: 'MONITOR|', address: '10.0.1.7', device: undefined },
  { msh: 'MONITOR|', address: '', device: undefined },
  { msh: 'ENGINE|WARD', address: '10.9.9.9', certificate: PRINT, device: 'engine' },
  { msh: 'ENGINE|WARD', address: '10.9.9.9', certificate: 'cd'.repeat(32), device: undefined },
  { msh: 'ENGINE|WARD', address: '10.9.9.9', device: undefined },
  { msh: 'ENGINE|OTHER', address: '10.9.9.9', certificate: PRINT, device: undefined },
] as const;

for (const { msh, address, device, ...rest } of CASES) {
  const certificate = 'certificate' in rest ? rest.certificate : undefined;
  test(`${msh} from "${address}" ${certificate?.slice(0, 2) ?? ''} is ${device ?? 'nobody'}`, () => {
    assert.equal(find(senders(MONITOR, ENGINE), msh, address, certificate), device);
  });
}

test('an address and a certificate are both asked for where both are named', () => {
  const both = senders({ ...MONITOR, certificate: PRINT });
  assert.equal(find(both, 'MONITOR|', '10.0.0.7', PRINT), 'monitor-1');
  assert.equal(find(both, 'MONITOR|', '10.0.0.7'), undefined);
  assert.equal(find(both, 'MONITOR|', '10.0.1.7', PRINT), undefined);
});

test('who may stand nowhere on the list is not listened to', () => {
  const list = senders(MONITOR, { ...MONITOR, device: 'm6', addresses: ['fd00::/8'] });
  assert.ok(isExpected(list, { address: '10.0.0.255', certificate: undefined }));
  assert.ok(isExpected(list, { address: 'fd00::1', certificate: undefined }));
  assert.ok(!isExpected(list, { address: '10.0.1.0', certificate: undefined }));
  assert.ok(!isExpected(list, { address: '::1', certificate: PRINT }));
});

test('a gateway speaks for the ids and beginnings that it was given, and for itself', () => {
  const [gateway, monitor] = senders({ ...MONITOR, speaksFor: ['icu-*', 'bed-7'] }, MONITOR);
  assert.ok(gateway !== undefined && monitor !== undefined);
  const may = (sender: Hl7Sender, id: string) => maySpeakFor(sender, id as DeviceId);
  assert.deepEqual(
    ['icu-1', 'bed-7', 'monitor-1', 'bed-70', 'ICU-1'].map((id) => may(gateway, id)),
    [true, true, true, false, false],
  );
  assert.ok(!may(monitor, 'icu-1'));
});

const REFUSED = [
  { text: '', why: /not JSON/ },
  { text: '[]', why: /it: / },
  { text: '{"senders":[]}', why: /senders: / },
  {
    text: '{"senders":[{"device":"m","application":"A","addresses":["10.0.0.1"]}]}',
    why: /device: /,
  },
  { text: '{"senders":[{"device":"m1","application":"A"}]}', why: /addresses, a certificate/ },
  {
    text: '{"senders":[{"device":"m1","application":"A","addresses":["10.0.0.0/33"]}]}',
    why: /addresses/,
  },
  {
    text: '{"senders":[{"device":"m1","application":"A","certificate":"ab"}]}',
    why: /certificate/,
  },
  {
    text: `{"senders":[{"device":"m1","application":"A","certificate":"${PRINT}","x":1}]}`,
    why: /x/,
  },
];

for (const { text, why } of REFUSED) {
  test(`${text.slice(0, 80)} is no list: ${why}`, () => {
    const read = readSenders(text);
    assert.ok(typeof read === 'string');
    assert.match(read, why);
  });
}
