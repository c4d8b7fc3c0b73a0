import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCgmRequest, encodeCgmControl } from './gatt-cgm-control.ts';
import { decodeRacpRequest, encodeRacpRequest, RACP_OP, RACP_OPERATOR } from './gatt-racp.ts';
import { OctetReader } from './octets.ts';

const { REPORT, COUNT, ABORT } = RACP_OP;
const { NULL, ALL, AT_LEAST, RANGE } = RACP_OPERATOR;

const REQUESTS = [
  { request: { opCode: REPORT, operator: ALL }, octets: [1, 1] },
  { request: { opCode: COUNT, operator: ALL }, octets: [4, 1] },
  { request: { opCode: ABORT, operator: NULL }, octets: [3, 0] },
  {
    request: { opCode: REPORT, operator: AT_LEAST, filter: 'sequence', from: 42 },
    octets: [1, 3, 1, 0x2a, 0],
  },
  {
    request: { opCode: REPORT, operator: RANGE, filter: 'sequence', from: 1, until: 258 },
    octets: [1, 4, 1, 1, 0, 2, 1],
  },
  {
    request: {
      opCode: REPORT,
      operator: AT_LEAST,
      filter: 'time',
      from: '2024-02-29T23:59:58',
    },
    octets: [1, 3, 2, 0xe8, 7, 2, 29, 23, 59, 58],
  },
] as const;

for (const { request, octets } of REQUESTS) {
  test(`a collector’s request is written ${octets.join(' ')} and understood by a meter`, () => {
    assert.deepEqual([...encodeRacpRequest(request)], octets);
    const read = decodeRacpRequest(new OctetReader(Uint8Array.from(octets), 'little'));
    assert.deepEqual(read, { ok: true, value: request });
  });
}

const BROKEN = [
  [],
  [1],
  [1, 3, 1, 0x2a],
  [1, 3, 9, 0],
  [1, 3, 2, 0, 0, 13, 1, 1, 1, 1],
  [1, 1, 1, 0],
];

for (const octets of BROKEN) {
  test(`the request [${octets.join(' ')}] is refused`, () => {
    assert.equal(decodeRacpRequest(new OctetReader(Uint8Array.from(octets), 'little')).ok, false);
  });
}

test('a collector starts a CGM session; the device’s own answers are no requests', () => {
  const start = encodeCgmControl({ opCode: 0x1a });
  const read = decodeCgmRequest(new OctetReader(start, 'little'));
  assert.deepEqual(read, { ok: true, value: { opCode: 0x1a, operation: 'start-session' } });
  assert.equal(decodeCgmRequest(new OctetReader(Uint8Array.of(0x1c, 1, 1), 'little')).ok, false);
});
