import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import fc from 'fast-check';
import { bundleJson } from './json.ts';
import { type PlacedReading, toObservations } from './observation.ts';
import { observationTexts, type ToldObservation } from './observation-text.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const METRICS = CATALOGUE.filter(({ kind }) => kind !== 'waveform');
const CUFF = METRICS.filter(({ key }) => key.startsWith('nibp-'));

/** Few of each, so that series, panels and contradictions come about. */
const READING: fc.Arbitrary<PlacedReading> = fc.record({
  metric: fc.oneof(fc.constantFrom(...METRICS), fc.constantFrom(...CUFF)),
  subjectId: fc.constantFrom('7', '8').map((id) => id as SubjectId),
  deviceId: fc.constantFrom('monitor-1', 'monitor-2').map((id) => id as DeviceId),
  epoch: fc.constantFrom(1, 2),
  stampMs: fc.constantFrom(0, 1_772_352_000_000, 1_772_352_000_001),
  timeMs: fc.oneof(
    fc.integer({ min: -1e14, max: 8e15 }),
    fc.integer({ min: 0, max: 4e12 }),
    fc.integer({ min: 59_000, max: 61_000 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  ),
  value: fc.oneof(
    fc.constantFrom(0, 1, 2, 37, 36.55),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  flags: fc.constantFrom(0, 0, 4, 16, 33, 127),
});

function plainTexts(readings: readonly PlacedReading[], ...links: [] | [typeof LINKS]): string[] {
  return toObservations(readings, ...links).map((resource) => {
    const bundle = bundleJson({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource }],
    });
    return bundle.slice(
      '{"resourceType":"Bundle","type":"collection","entry":[{"resource":'.length,
      -3,
    );
  });
}

const textOf = ({ text }: ToldObservation) => text;

const LINKS = ({ deviceId, timeMs, stampMs }: PlacedReading) => ({
  device: { reference: `Device/${deviceId}` },
  personal: {
    gateway: { reference: 'Device/hub' },
    ...(timeMs > stampMs && { coincident: { reference: `Observation/${timeMs - stampMs}` } }),
  },
});

test('any readings are written as their Observations would be', () => {
  fc.assert(
    fc.property(fc.array(READING, { maxLength: 12 }), (readings) => {
      const told = observationTexts(readings);
      const linked = observationTexts(readings, LINKS);
      assert.deepEqual(told.map(textOf), plainTexts(readings));
      assert.deepEqual(linked.map(textOf), plainTexts(readings, LINKS));
      const places = toObservations(readings).map(({ id, effectiveDateTime }) => [
        id,
        Date.parse(effectiveDateTime ?? ''),
      ]);
      assert.deepEqual(
        told.map(({ id, timeMs }) => [id, Math.trunc(timeMs) + 0]),
        places,
      );
    }),
    { numRuns: 500 },
  );
});
