import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId } from '@ausculta/vitals/identity';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { Needs } from '../line/placement.ts';
import type { Parking } from '../parked/parking.ts';
import { type Answer, type IntakePorts, takeIn } from './intake.ts';

const LAG_MS = 10_000;

/** Three messages of one lag have been seen: a fourth would make it a slow clock's. */
function laggingDevice(): RegisteredDevice {
  const id = 'monitor-1' as DeviceId;
  const device = new RegisteredDevice({
    id,
    organisationId: ORGANISATION,
    model: 'test',
    tokenHash: new Uint8Array(32),
  });
  const worn = { organisationId: ORGANISATION, subjectId: subjectId(1), partition: 1 };
  device.addWearer({ deviceId: id, subjectId: subjectId(1), fromMs: 0, untilMs: undefined }, worn);
  const suspect = {
    messages: 2,
    isMoving: false,
    firstReceivedMs: NOON - 5_000,
    firstStampMs: NOON - 5_000 - LAG_MS,
    lagLowMs: LAG_MS,
    lagHighMs: LAG_MS,
  };
  device.clock = { epoch: 1, offsetMs: 0, newestStampMs: NOON - LAG_MS - 1_000, suspect };
  return device;
}

test('a message that waits for its series counts once for the clock of its device', async () => {
  const device = laggingDevice();
  const asked: Needs[] = [];
  const registry: IntakePorts['registry'] = {
    provide: async (_, needs) => {
      asked.push(needs);
      for (const [i, { placement, metric, epoch }] of needs.series.entries()) {
        device.addSeries({ ...placement, id: i + 1, deviceId: device.id, metric, epoch });
      }
    },
  };
  const ports: IntakePorts = {
    append: (_, onDurable) => onDurable(undefined),
    registry,
    parking: { park: async () => assert.fail('nothing is to be parked') },
    contentId: () => '',
    isFull: () => false,
    pressure: () => 'none',
    watchRefused: () => {},
    onProblem: (_, error) => assert.fail(String(error)),
  };
  const reading = { metric: 'heart-rate', stampMs: NOON - LAG_MS, value: 70, flags: 0 };
  const message = {
    device,
    door: 'test',
    bytes: new Uint8Array(1),
    receivedMs: NOON,
    decoded: { kind: 'readings', readings: [reading], sentMs: undefined, faults: [] },
    waits: true,
  } as const;
  const answer = await new Promise<Answer>((resolve) => takeIn(message, ports, resolve));
  assert.equal(answer.fault, undefined);
  assert.deepEqual(
    asked.map(({ clock, series }) => [clock, series.length]),
    [[undefined, 1]],
  );
  assert.equal(device.clock?.suspect?.messages, 3);
});

const KINDS = {
  waveforms: { kind: 'waveforms', runs: [], faults: [] },
  readings: { kind: 'readings', readings: [], sentMs: undefined, faults: [] },
  events: { kind: 'events', events: [], faults: [] },
} as const;

for (const { pressure, waiting } of [
  { pressure: 'none', waiting: [] },
  { pressure: 'waveforms', waiting: ['waveforms'] },
  { pressure: 'all', waiting: ['waveforms', 'readings', 'events'] },
] as const) {
  test(`when memory has room for ${pressure === 'none' ? 'all' : 'less'}, ${waiting.join(', ') || 'nobody'} must wait, and costs the device nothing`, () => {
    const device = laggingDevice();
    const ports: IntakePorts = {
      append: (_, onDurable) => onDurable(undefined),
      registry: {} as Registry,
      parking: {} as Parking,
      contentId: () => '',
      isFull: () => false,
      pressure: () => pressure,
      watchRefused: () => assert.fail('a message that waits is watched when it is taken'),
      onProblem: (_, error) => assert.fail(String(error)),
    };
    const refused: string[] = [];
    for (const decoded of Object.values(KINDS)) {
      const message = { device, door: 'test', bytes: new Uint8Array(1), receivedMs: NOON };
      takeIn({ ...message, decoded, waits: true }, ports, ({ fault }) => {
        if (fault?.code === 'STORE_UNAVAILABLE') refused.push(decoded.kind);
      });
    }
    assert.deepEqual(refused, waiting);
  });
}
