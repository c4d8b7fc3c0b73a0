import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation, Quantity } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { type PlacedReading, toObservations } from './observation.ts';
import { deviceTag } from './reading-id.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const SUBJECT = '0b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11' as SubjectId;
const MONITOR = 'monitor-7' as DeviceId;
const AT = 1_772_352_000_000;

function reading(key: string, value: number, more: Partial<PlacedReading> = {}): PlacedReading {
  return {
    metric: metricOf(key),
    subjectId: SUBJECT,
    deviceId: MONITOR,
    epoch: 1,
    stampMs: AT,
    timeMs: AT,
    value,
    flags: 0,
    ...more,
  };
}

function one(key: string, value: number, more: Partial<PlacedReading> = {}): Observation {
  const [observation, ...others] = toObservations([reading(key, value, more)]);
  assert.ok(observation && others.length === 0);
  return observation;
}

/** Required LOINC and allowed units of each vital-signs profile of R4. */
const PROFILES: Readonly<Record<string, { loinc: string; units: readonly string[] }>> = {
  heartrate: { loinc: '8867-4', units: ['/min'] },
  resprate: { loinc: '9279-1', units: ['/min'] },
  oxygensat: { loinc: '2708-6', units: ['%'] },
  bodytemp: { loinc: '8310-5', units: ['Cel', '[degF]'] },
  bodyweight: { loinc: '29463-7', units: ['kg', 'g', '[lb_av]'] },
  bodyheight: { loinc: '8302-2', units: ['cm', '[in_i]'] },
  bmi: { loinc: '39156-5', units: ['kg/m2'] },
  bp: { loinc: '85354-9', units: ['mm[Hg]'] },
};
const PREFIX = 'http://hl7.org/fhir/StructureDefinition/';

/** The machine rules of R4's vital-signs profile and of those derived from it. */
function assertVitalSign(observation: Observation): void {
  assert.match(observation.id ?? '', /^[A-Za-z0-9\-.]{1,64}$/);
  assert.ok(['final', 'corrected'].includes(observation.status));
  assert.match(observation.subject?.reference ?? '', /^Patient\/[0-9a-f-]{36}$/);
  assert.match(observation.effectiveDateTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const category = observation.category?.[0]?.coding?.[0];
  const codes = (observation.code.coding ?? []).map(({ system, code }) => `${system}|${code}`);
  assert.equal(new Set(codes).size, codes.length, 'a code stands once');
  const parts = observation.component ?? [observation];
  for (const part of parts) {
    const hasValue = part.valueQuantity !== undefined || part.valueCodeableConcept !== undefined;
    assert.notEqual(hasValue, part.dataAbsentReason !== undefined, 'vs-2, vs-3');
  }
  const [profile] = observation.meta?.profile ?? [];
  if (profile === undefined) return;
  const rules = PROFILES[profile.slice(PREFIX.length)];
  assert.ok(rules, profile);
  assert.equal(category?.code, 'vital-signs');
  assert.equal(category?.system, 'http://terminology.hl7.org/CodeSystem/observation-category');
  assert.ok(codes.includes(`http://loinc.org|${rules.loinc}`));
  for (const { valueQuantity } of parts) {
    if (valueQuantity !== undefined) assertQuantity(valueQuantity, rules.units);
  }
}

function assertQuantity(quantity: Quantity, units: readonly string[]): void {
  assert.equal(quantity.system, 'http://unitsofmeasure.org');
  assert.ok(Number.isFinite(quantity.value) && units.includes(quantity.code ?? ''));
}

test('every metric but a waveform makes an Observation that the profiles take', () => {
  for (const metric of CATALOGUE) {
    if (metric.kind === 'waveform') continue;
    assertVitalSign(one(metric.key, metric.plausible.low));
  }
});

test('a heart rate is what R4 says it is, to the letter', () => {
  const { id, ...observation } = one('heart-rate', 72, { timeMs: AT + 250 });
  assert.match(id ?? '', /^[0-9a-f]{16}\.heart-rate\.1\.[0-9a-z]+$/);
  assert.deepEqual(observation, {
    resourceType: 'Observation',
    meta: { profile: ['http://hl7.org/fhir/StructureDefinition/heartrate'] },
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: {
      coding: [
        { system: 'http://loinc.org', code: '8867-4' },
        { system: 'urn:iso:std:iso:11073:10101', code: '147842' },
        { system: 'urn:ausculta:metric', code: 'heart-rate' },
      ],
      text: 'Heart rate (ECG)',
    },
    subject: { reference: `Patient/${SUBJECT}` },
    effectiveDateTime: '2026-03-01T08:00:00.250Z',
    device: {
      reference: `Device/${deviceTag('monitor-7')}`,
      identifier: { system: 'urn:ausculta:device', value: 'monitor-7' },
    },
    valueQuantity: { value: 72, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  });
});

const CODES = [
  { key: 'spo2', loinc: ['2708-6', '59408-5'], mdc: '150456', profile: 'oxygensat' },
  { key: 'pulse-rate-oximeter', loinc: ['8867-4', '8889-8'], mdc: '149530', profile: 'heartrate' },
  { key: 'resp-rate-impedance', loinc: ['9279-1'], mdc: '151578', profile: 'resprate' },
  { key: 'body-temperature-oral', loinc: ['8310-5', '8331-1'], mdc: '188424', profile: 'bodytemp' },
  { key: 'weight', loinc: ['29463-7'], mdc: '188736', profile: 'bodyweight' },
  { key: 'skin-temperature', loinc: ['39106-0'], mdc: '150388', profile: undefined },
  { key: 'rr-interval', loinc: [], mdc: undefined, profile: undefined },
] as const;

for (const { key, loinc, mdc, profile } of CODES) {
  test(`${key} carries ${loinc.join(' and ') || 'no LOINC'} and no code that nobody verified`, () => {
    const { code, meta } = one(key, metricOf(key).plausible.low);
    const codesOf = (system: string) =>
      (code.coding ?? []).filter((coding) => coding.system === system).map((coding) => coding.code);
    assert.deepEqual(codesOf('http://loinc.org'), loinc);
    assert.deepEqual(codesOf('urn:iso:std:iso:11073:10101'), mdc === undefined ? [] : [mdc]);
    assert.equal(meta?.profile?.[0], profile && PREFIX + profile);
  });
}

test('glucose is a laboratory value, a setting is no sign of life', () => {
  assert.equal(one('glucose-capillary', 100).category?.[0]?.coding?.[0]?.code, 'laboratory');
  assert.equal(one('steps', 100).category?.[0]?.coding?.[0]?.code, 'activity');
  assert.equal(one('fio2-setting', 21).category, undefined);
  assert.equal(one('ambient-temperature', 21).category, undefined);
});

test('a one-sided value has a comparator', () => {
  const above = one('glucose-capillary', 600, { flags: FLAG.ABOVE }).valueQuantity;
  assert.deepEqual([above?.comparator, above?.value], ['>', 600]);
  const below = one('glucose-capillary', 10, { flags: FLAG.BELOW }).valueQuantity;
  assert.deepEqual([below?.comparator, below?.value], ['<', 10]);
  assert.equal(one('glucose-capillary', 100).valueQuantity?.comparator, undefined);
});

test('doubt and simulation are told where others look for them', () => {
  const labels = (flags: number) => {
    const { meta, interpretation, status } = one('spo2', 97, { flags });
    const security = (meta?.security ?? []).map(({ code }) => code);
    const meanings = (interpretation ?? []).flatMap(({ coding }) => coding ?? []);
    return { status, security, meanings: meanings.map(({ code }) => code) };
  };
  assert.deepEqual(labels(0), { status: 'final', security: [], meanings: [] });
  const simulated = { status: 'final', security: ['HTEST'], meanings: [] };
  assert.deepEqual(labels(FLAG.SIMULATED), simulated);
  assert.deepEqual(labels(FLAG.QUESTIONABLE), {
    status: 'final',
    security: ['UNCERTREL'],
    meanings: ['questionable', 'questionable'],
  });
  assert.deepEqual(labels(FLAG.IMPLAUSIBLE | FLAG.SIMULATED), {
    status: 'final',
    security: ['HTEST', 'UNCERTREL'],
    meanings: ['questionable', 'implausible'],
  });
  assert.deepEqual(labels(FLAG.CORRECTION), { status: 'corrected', security: [], meanings: [] });
});

test('the digits of a value are kept, and the noise of arithmetic is not', () => {
  const valueOfKey = (key: string, value: number) => one(key, value).valueQuantity?.value;
  assert.equal(valueOfKey('body-temperature', 36.85), 36.85);
  assert.equal(valueOfKey('body-temperature', 37.00000000000001), 37);
  assert.equal(valueOfKey('weight', 3.452), 3.452);
  assert.equal(valueOfKey('heart-rate', 0.1 + 0.2), 0.3);
});

test('consciousness is a concept, not a quantity', () => {
  const { valueQuantity, valueCodeableConcept } = one('consciousness', 1);
  assert.equal(valueQuantity, undefined);
  assert.equal(valueCodeableConcept?.coding?.[0]?.code, 'consciousness/new-confusion');
});

test('the id belongs to device, metric, epoch and stamp, and to nothing else', () => {
  const base = one('heart-rate', 72);
  const same = [
    one('heart-rate', 90),
    one('heart-rate', 72, { timeMs: AT + 60_000 }),
    one('heart-rate', 72, { subjectId: '1b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11' as SubjectId }),
    one('heart-rate', 72, { flags: FLAG.CORRECTION }),
  ];
  for (const { id } of same) assert.equal(id, base.id);
  const others = [
    one('pulse-rate-oximeter', 72),
    one('heart-rate', 72, { deviceId: 'monitor-8' as DeviceId }),
    one('heart-rate', 72, { epoch: 2 }),
    one('heart-rate', 72, { stampMs: AT + 1 }),
  ];
  for (const { id } of others) assert.notEqual(id, base.id);
});

test('the id does not change from version to version of the software', () => {
  assert.equal(one('heart-rate', 72).id, '4044463cb7fca1b1.heart-rate.1.mm7gmbk0');
});

test('a cuff’s pressures of one stamp are one panel, at the place of the first', () => {
  const observations = toObservations([
    reading('heart-rate', 72),
    reading('nibp-diastolic', 80),
    reading('spo2', 97),
    reading('nibp-systolic', 120),
    reading('nibp-mean', 93),
  ]);
  const firsts = observations.map(({ code }) => code.coding?.[0]?.code);
  assert.deepEqual(firsts, ['8867-4', '85354-9', '2708-6']);
  const panel = observations[1];
  assert.ok(panel);
  assertVitalSign(panel);
  assert.equal(panel.valueQuantity, undefined);
  const parts = panel.component?.map(({ code, valueQuantity }) => [
    code.coding?.[0]?.code,
    valueQuantity?.value,
  ]);
  assert.deepEqual(parts, [
    ['8480-6', 120],
    ['8462-4', 80],
    ['8478-0', 93],
  ]);
});

test('a panel without its diastolic value says that it is not known', () => {
  const panel = one('nibp-systolic', 120);
  assertVitalSign(panel);
  const diastolic = panel.component?.[1];
  assert.equal(diastolic?.code.coding?.[0]?.code, '8462-4');
  assert.equal(diastolic?.dataAbsentReason?.coding?.[0]?.code, 'unknown');
});

test('pressures of other stamps, devices or epochs are other panels', () => {
  const observations = toObservations([
    reading('nibp-systolic', 120),
    reading('nibp-systolic', 121, { stampMs: AT + 60_000 }),
    reading('nibp-systolic', 122, { deviceId: 'cuff-2' as DeviceId }),
    reading('nibp-systolic', 123, { epoch: 2 }),
  ]);
  assert.equal(observations.length, 4);
  assert.equal(new Set(observations.map(({ id }) => id)).size, 4);
});

test('one doubtful part makes the panel doubtful', () => {
  const [panel] = toObservations([
    reading('nibp-systolic', 120),
    reading('nibp-diastolic', 80, { flags: FLAG.QUESTIONABLE }),
  ]);
  assert.deepEqual(
    panel?.meta?.security?.map(({ code }) => code),
    ['UNCERTREL'],
  );
});

test('arterial pressures stand alone, with their own codes', () => {
  const observations = toObservations([reading('abp-systolic', 120), reading('abp-diastolic', 80)]);
  const firsts = observations.map(({ code }) => code.coding?.[0]?.code);
  assert.deepEqual(firsts, ['76215-3', '76213-8']);
});

test('whatever the readings are, their Observations keep the rules and their ids apart', () => {
  const metrics = CATALOGUE.filter(({ kind }) => kind !== 'waveform');
  const any = fc.record({
    metric: fc.constantFrom(...metrics),
    subjectId: fc.constant(SUBJECT),
    deviceId: fc.constantFrom(MONITOR, 'cuff-2' as DeviceId),
    epoch: fc.nat({ max: 2 }),
    stampMs: fc.nat({ max: 5 }),
    timeMs: fc.integer({ min: 0, max: 4e12 }),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    flags: fc.nat({ max: 127 }),
  });
  const selector = (one: PlacedReading) =>
    [one.metric.key, one.deviceId, one.epoch, one.stampMs].join();
  fc.assert(
    fc.property(fc.uniqueArray(any, { selector, maxLength: 30 }), (readings) => {
      const observations = toObservations(readings);
      for (const observation of observations) assertVitalSign(observation);
      assert.equal(new Set(observations.map(({ id }) => id)).size, observations.length);
    }),
  );
});
