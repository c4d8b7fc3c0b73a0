import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricByKey } from '@ausculta/vitals/lookup';
import { errorsOf } from '../../../tests/support/fhir-profiles.ts';
import {
  correctionId,
  correctionObservation,
  correctionsIn,
  parseCorrectionId,
  readCoincident,
} from './coincident-time.ts';
import { deviceTag } from './reading-id.ts';

const PROFILE = 'http://hl7.org/fhir/uv/phd/StructureDefinition/PhdCoincidentTimeStampObservation';
const STAMP_MS = Date.UTC(2026, 2, 1, 8);
const LATE = { deviceId: 'cuff-1', epoch: 2, fromStampMs: STAMP_MS, offsetMs: 3_600_000 };

test('a clock that was wrong is told as what both clocks showed, by its guide, and always alike', () => {
  for (const offsetMs of [3_600_000, -5_000, 1]) {
    const told = correctionObservation({ ...LATE, offsetMs });
    assert.deepEqual(errorsOf(PROFILE, told), []);
    assert.deepEqual(told.meta?.profile, [PROFILE]);
    const moment = readCoincident(told);
    assert.deepEqual(moment?.sensor, { kind: 'absolute', atMs: STAMP_MS });
    assert.equal(moment?.gatewayMs, STAMP_MS + offsetMs);
    assert.equal(moment?.device.reference, `Device/${deviceTag('cuff-1')}`);
    assert.deepEqual(correctionObservation({ ...LATE, offsetMs }), told);
  }
});

for (const [year, isShown] of [
  [-1, false],
  [0, true],
  [9999, true],
  [10_000, false],
] as const) {
  const how = isShown ? 'is shown' : 'has no date, and is told as a fault';
  test(`a clock that stands in the year ${year} ${how}`, () => {
    const fromStampMs = new Date(0).setUTCFullYear(year);
    const told = correctionObservation({ ...LATE, fromStampMs, offsetMs: STAMP_MS - fromStampMs });
    assert.deepEqual(errorsOf(PROFILE, told), []);
    assert.equal(told.valueDateTime !== undefined, isShown);
    assert.equal(told.dataAbsentReason !== undefined, !isShown);
    assert.equal(told.effectiveDateTime, '2026-03-01T08:00:00.000Z');
  });
}

test('its id is that of the device, the epoch and the stamp, and of no reading', () => {
  const id = correctionId(LATE);
  const key = parseCorrectionId(id);
  assert.deepEqual([key?.device, key?.epoch, key?.stampMs], [deviceTag('cuff-1'), 2, STAMP_MS]);
  assert.notEqual(correctionId({ ...LATE, epoch: 1 }), id);
  assert.equal(parseCorrectionId(id.replace('clock', 'spo2')), undefined);
  assert.equal(metricByKey('clock'), undefined);
});

test('an Observation refers to the corrections that we tell, and to no others', () => {
  const id = correctionId(LATE);
  const url = 'http://hl7.org/fhir/uv/phd/StructureDefinition/CoincidentTimeStampReference';
  const textWith = (reference: string, of = url) =>
    JSON.stringify({ extension: [{ url: of, valueReference: { reference } }] });
  assert.deepEqual(correctionsIn(textWith(`Observation/${id}`)), [id]);
  assert.deepEqual(correctionsIn(textWith(`Device/${id}`)), []);
  assert.deepEqual(correctionsIn(textWith('Observation/coin-1')), []);
  assert.deepEqual(correctionsIn(textWith(`Observation/${id}`, 'urn:x')), []);
  assert.deepEqual(correctionsIn('{}'), []);
});
