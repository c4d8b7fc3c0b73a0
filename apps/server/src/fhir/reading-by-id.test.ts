import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toObservations } from '@ausculta/fhir/observation';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { seriesSample } from '../../../../tests/support/line.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { StampOffsets } from '../devices/stamp-offsets.ts';
import type { SeriesRange } from '../telemetry/merge.ts';
import { DevicesById } from './devices-by-id.ts';
import { ReadingsById } from './reading-by-id.ts';

const OURS = 'ours' as OrganisationId;
const OTHERS = 'others' as OrganisationId;
const STAMP_MS = 1_772_352_000_000;
const OFFSET_MS = 5_000;

const { subjectId, deviceId } = seriesSample({ id: 1 });

const CUFF = { 'nibp-systolic': 120, 'nibp-diastolic': 80 };
const STORED: Readonly<Record<string, number>> = { 'heart-rate': 72, ...CUFF };

/** One subject whose monitor has measured once, by a clock that is late. */
function room({ isDamaged = false } = {}): ReadingsById {
  const device = new RegisteredDevice({
    ...{ id: deviceId, organisationId: OURS },
    ...{ model: '', tokenHash: new Uint8Array() },
  });
  const placement = { subjectId, organisationId: OURS, partition: 0 };
  const worn = { deviceId, subjectId, fromMs: 0 };
  device.addWearer({ ...worn, untilMs: undefined }, placement);
  const offsets = StampOffsets.NONE.with({ fromStampMs: 0, offsetMs: OFFSET_MS });
  const known = new Map<string, RegisteredDevice>([[device.id, device]]);
  const devices = new DevicesById({ devices: known, devicesOf: () => [device] }, () => STAMP_MS);
  return new ReadingsById({
    registry: { offsetsOf: () => offsets },
    devices,
    telemetry: {
      waveformsBySeries: () => Promise.resolve([]),
      range: ({ metrics, fromMs, toMs, unreadable }) => {
        assert.deepEqual([fromMs, toMs], [STAMP_MS + OFFSET_MS, STAMP_MS + OFFSET_MS + 1]);
        if (isDamaged)
          unreadable.push({ metric: 'heart-rate', device: deviceId, fromMs, toMs, chunk: '1' });
        const keys = isDamaged ? [] : metrics.filter((key) => key in STORED);
        return Promise.resolve(keys.map(rangeOf));
      },
    },
  });
}

function rangeOf(key: string): SeriesRange {
  const series = seriesSample({ id: 1, metric: key, epoch: 2 });
  return {
    series,
    stampsMs: Float64Array.of(STAMP_MS),
    timesMs: Float64Array.of(STAMP_MS + OFFSET_MS),
    values: Float64Array.of(STORED[key] ?? 0),
    flags: new Uint8Array(1),
  };
}

function idOf(key: string): string {
  const { stampsMs, timesMs, values, series } = rangeOf(key);
  const [stampMs = 0, timeMs = 0, value = 0] = [stampsMs[0], timesMs[0], values[0]];
  const [made] = toObservations([{ ...series, stampMs, timeMs, value, flags: 0 }]);
  return made?.id ?? '';
}

test('a reading and a cuff are found by the id that they are told under', async () => {
  const rate = await room().read(OURS, idOf('heart-rate'));
  assert.ok(rate?.ok);
  assert.match(rate.value.text ?? '', /"value":72,/);
  const panel = await room().read(OURS, idOf('nibp-systolic'));
  assert.ok(panel?.ok);
  assert.deepEqual(panel.value.text?.match(/"value":\d+/g), ['"value":120', '"value":80']);
});

test('what is not there is not found, nor what is of others', async () => {
  const id = idOf('heart-rate');
  assert.equal(await room().read(OTHERS, id), undefined);
  assert.equal(room().isOne(OTHERS, id), false);
  assert.equal(await room().read(OURS, id.replace('heart-rate', 'spo2')), undefined);
  assert.equal(await room().read(OURS, id.replace('.2.', '.3.')), undefined);
  assert.equal(await room().read(OURS, id.replace('heart-rate', 'nibp-systolic')), undefined);
  assert.equal(await room().read(OURS, 'a-document'), undefined);
  assert.equal(room().isOne(OURS, 'a-document'), false);
  assert.equal(room().isOne(OURS, id), true);
});

test('a reading in a chunk that does not open is no missing one', async () => {
  const read = await room({ isDamaged: true }).read(OURS, idOf('heart-rate'));
  assert.equal(read?.ok === false && read.refusal.status, 500);
});
