/** The offsets of a device's clock, which hold for which stamps; and who wears it from when on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId } from '@ausculta/vitals/identity';
import { NOON, ORGANISATION, seriesSample } from '../../../../tests/support/line.ts';
import { RegisteredDevice } from './known-device.ts';

function deviceWith(...marks: readonly (readonly [fromStampMs: number, offsetMs: number])[]) {
  const id = 'monitor-1' as DeviceId;
  const row = { id, organisationId: ORGANISATION, model: 'm', tokenHash: new Uint8Array(32) };
  const device = new RegisteredDevice(row);
  for (const [fromStampMs, offsetMs] of marks) device.addOffset(1, { fromStampMs, offsetMs });
  return device;
}

test('each stamp has the offset of its stretch, and one before all of them that of the first', () => {
  const device = deviceWith([NOON, 1], [NOON + 100, 2], [NOON + 200, 3]);
  const offsets = [-1, 0, 99, 100, 199, 200, 900].map((by) => device.offsetAt(1, NOON + by));
  assert.deepEqual(offsets, [1, 1, 1, 2, 2, 3, 3]);
  assert.equal(device.offsetAt(2, NOON), 0, 'of an epoch of which nothing is known');
});

test('a new offset holds for what comes, though older stamps come with the message that tells it', () => {
  const device = deviceWith([NOON, 1], [NOON + 100, 2]);
  assert.equal(device.stretchFrom(1, NOON + 300), NOON + 300);
  assert.equal(device.stretchFrom(1, NOON + 50), NOON + 100);
  assert.equal(device.stretchFrom(2, NOON + 50), NOON + 50, 'the first of its epoch');
  device.addOffset(1, { fromStampMs: device.stretchFrom(1, NOON + 50), offsetMs: 7 });
  assert.deepEqual(
    [NOON + 99, NOON + 100, NOON + 900].map((stampMs) => device.offsetAt(1, stampMs)),
    [1, 7, 7],
  );
});

test('who begins to wear it within a span is told, both edges being outside', () => {
  const device = deviceWith();
  assert.deepEqual(device.handoversWithin({ fromMs: NOON, toMs: NOON + 900 }), []);
  for (const [subject, fromMs, untilMs] of [
    [1, NOON, NOON + 200],
    [2, NOON + 200, NOON + 300],
    [1, NOON + 400, undefined],
  ] as const) {
    const placement = seriesSample({ id: 1, subject });
    const { subjectId } = placement;
    device.addWearer({ deviceId: device.id, subjectId, fromMs, untilMs }, placement);
  }
  for (const [fromMs, toMs, begins] of [
    [-10, 900, [0, 200, 400]],
    [0, 400, [200]],
    [199, 401, [200, 400]],
    [200, 201, []],
    [400, 900, []],
  ] as const)
    assert.deepEqual(
      device.handoversWithin({ fromMs: NOON + fromMs, toMs: NOON + toMs }),
      begins.map((ms) => NOON + ms),
    );
});
