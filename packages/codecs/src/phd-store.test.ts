import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OctetReader } from './octets.ts';
import { encodePhd, hex, unhex } from './phd-apdu.ts';
import type { PhdEvent } from './phd-event.ts';
import { onPhdBytes, type PhdManager } from './phd-manager.ts';
import { phdReport } from './phd-readings.ts';
import {
  askClear,
  askSegments,
  askTransfer,
  readEntries,
  readSegmentMap,
  readSegments,
  SEGMENT_STATUS,
} from './phd-store.ts';

const NOW = Date.UTC(2026, 0, 15, 8);

/** Absolute time before each entry, then glucose (handle 1) as SFLOAT. */
const MAP = '8000 0001 0010 0006 000271b8 0001 0001 0004 0a4c 0002'.replaceAll(' ', '');
/** One segment: its map, person 2, three entries. */
const SEGMENTS =
  `0001 0036 0005 0003 0030 0a4e 0016 ${MAP} 0a4f 0002 0002 097b 0004 00000003`.replaceAll(' ', '');

function segmentData(entries: string): Extract<PhdEvent, { kind: 'segment-data' }> {
  return {
    kind: 'segment-data',
    segment: 5,
    entryIndex: 0,
    entryCount: 2,
    status: SEGMENT_STATUS.FIRST | SEGMENT_STATUS.LAST,
    entries: unhex(entries.replaceAll(' ', '')),
  };
}

test('a store’s segments are asked for in the words of the standard', () => {
  const wire = (message: ReturnType<typeof askSegments>) =>
    hex(encodePhd({ kind: 'data', invokeId: 1, message })).slice(12);
  assert.equal(wire(askSegments(9)), '00010107000C00090C0D0006000100020000');
  assert.equal(wire(askTransfer(9, 5)), '00010107000800090C1C00020005');
  assert.match(wire(askClear(9, 5)), /00090C0C/);
});

test('a segment tells its person, its count and the map of its entries', () => {
  const [segment] = readSegments(unhex(SEGMENTS)) ?? [];
  assert.deepEqual([segment?.segment, segment?.personId, segment?.entryCount], [5, 2, 3]);
  assert.deepEqual(segment?.map, readSegmentMap(new OctetReader(unhex(MAP), 'big')));
  assert.equal(segment?.map?.elements[0]?.type, 160_184);
});

test('stored measurements mean what they would have meant live, with their own times', () => {
  const [segment] = readSegments(unhex(SEGMENTS)) ?? [];
  assert.ok(segment);
  const data = segmentData('2026011507300000 0064 2026011507400000 07fe');
  const configuration = new Map([[1, { handle: 1, objectClass: 6, unit: 264_274 }]]);
  const read = readEntries(data, segment, configuration);
  assert.ok(read);
  const { readings, faults } = phdReport(read.event, read.configuration, { receivedAtMs: NOW });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    readings.map(({ metric, value, stampMs, userSlot }) => [metric, value, stampMs, userSlot]),
    [
      ['glucose-capillary', 100, Date.UTC(2026, 0, 15, 7, 30), 2],
      ['glucose-capillary', 600, Date.UTC(2026, 0, 15, 7, 40), 2],
    ],
  );
});

test('entries that are off their map, and a map that takes nothing, are refused', () => {
  const [segment] = readSegments(unhex(SEGMENTS)) ?? [];
  assert.ok(segment);
  assert.equal(readEntries(segmentData('2026011507300000 00'), segment, new Map()), undefined);
  const nothing = { ...segment, map: { header: 0, elements: [] } };
  assert.equal(readEntries(segmentData('00'), nothing, new Map()), undefined);
  assert.equal(readEntries(segmentData(''), { ...segment, map: undefined }, new Map()), undefined);
  assert.equal(readSegments(unhex('0001 0004 0005'.replaceAll(' ', ''))), undefined);
});

test('a segment is confirmed with the octets that let the agent forget, once it is durable', () => {
  const manager: PhdManager = {
    phase: 'operating',
    systemId: 'A',
    configId: 0x06a4,
    configuration: new Map(),
  };
  const event = segmentData('2026011507300000 0064');
  const bytes = encodePhd({
    kind: 'data',
    invokeId: 7,
    message: {
      kind: 'event-report',
      isConfirmed: true,
      handle: 9,
      eventTime: 0,
      eventType: 0x0d21,
      event,
    },
  });
  const step = onPhdBytes(manager, bytes, { receivedAtMs: NOW, systemId: 'B' });
  assert.deepEqual([step.send, step.segment], [[], event]);
  assert.match(hex(step.reply ?? new Uint8Array()), /000500000000000000 *02C080$/);
});
