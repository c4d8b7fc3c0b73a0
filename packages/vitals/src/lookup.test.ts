import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMdcTerm, findMetric, metricByKey, metricOf, metricsOfVital } from './lookup.ts';

const NAMES = [
  { name: 'heart-rate', key: 'heart-rate' },
  { name: '8867-4', key: 'heart-rate' },
  { name: '147842', key: 'heart-rate' },
  { name: 'MDC_ECG_HEART_RATE', key: 'heart-rate' },
  { name: '8889-8', key: 'pulse-rate-oximeter' },
  { name: '59408-5', key: 'spo2' },
  { name: '2708-6', key: 'spo2' },
  { name: '9279-1', key: 'resp-rate' },
  { name: '76172-6', key: 'resp-rate-co2' },
  { name: '8310-5', key: 'body-temperature' },
  { name: '8331-1', key: 'body-temperature-oral' },
  { name: '76215-3', key: 'abp-systolic' },
  { name: '150301', key: 'nibp-systolic' },
  { name: '151708', key: 'etco2' },
  { name: '151728', key: 'etco2' },
  { name: '131331', key: 'ecg-v1' },
  { name: '131389', key: 'ecg-iii' },
  { name: '9269-2', key: 'glasgow-coma-score' },
] as const;

for (const { name, key } of NAMES) {
  test(`${name} names ${key}`, () => {
    assert.equal(findMetric(name)?.metric.key, key);
  });
}

test('a glucose code of the molar kind implies millimoles, so 5.5 is never read as mg/dL', () => {
  assert.equal(findMetric('14743-9')?.metric.key, 'glucose-capillary');
  assert.equal(findMetric('14743-9')?.unit, 'mmol/L');
  assert.equal(findMetric('41653-7')?.unit, 'mg/dL');
  assert.equal(findMetric('105272-9')?.unit, 'mmol/L');
  assert.equal(findMetric('15074-8')?.unit, 'mmol/L');
});

test('names of the language and near misses are unknown metrics', () => {
  const unknown = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' heart-rate'];
  for (const name of [...unknown, 'Heart-Rate', '147842.0', '0147842', '85354-9', '150020']) {
    assert.equal(findMetric(name), undefined, name);
    assert.equal(metricByKey(name), undefined, name);
    assert.deepEqual(metricsOfVital(name), []);
  }
});

test('a code is not a key', () => {
  assert.equal(metricByKey('8867-4'), undefined);
  assert.equal(metricByKey('heart-rate')?.key, 'heart-rate');
  assert.throws(() => metricOf('8867-4'), /broken invariant/);
});

test('a term is believed by its reference id first, and a disagreeing code is told', () => {
  // Seen in the field: lead III sent with the code of V1.
  const wrong = findMdcTerm({ refId: 'MDC_ECG_ELEC_POTL_III', code: 131331 });
  assert.deepEqual([wrong?.metric.key, wrong?.disagrees], ['ecg-iii', true]);
  const right = findMdcTerm({ refId: 'MDC_ECG_ELEC_POTL_III', code: 131389 });
  assert.deepEqual([right?.metric.key, right?.disagrees], ['ecg-iii', false]);
  const idUnknown = findMdcTerm({ refId: 'MDC_MAKERS_OWN', code: 147842 });
  assert.deepEqual([idUnknown?.metric.key, idUnknown?.disagrees], ['heart-rate', true]);
  assert.equal(findMdcTerm({ code: 147842 })?.disagrees, false);
  assert.equal(findMdcTerm({ refId: 'heart-rate' }), undefined);
  assert.equal(findMdcTerm({}), undefined);
});

test('the sources of one vital come best first', () => {
  const keys = (vital: string) => metricsOfVital(vital).map((metric) => metric.key);
  assert.deepEqual(keys('heart-rate'), [
    'heart-rate',
    'pulse-rate-arterial',
    'pulse-rate-oximeter',
    'pulse-rate-nibp',
  ]);
  assert.deepEqual(keys('resp-rate'), ['resp-rate-co2', 'resp-rate-impedance', 'resp-rate']);
  assert.deepEqual(keys('blood-pressure-systolic'), [
    'abp-systolic',
    'art-systolic',
    'nibp-systolic',
  ]);
  assert.deepEqual(keys('skin-temperature'), ['skin-temperature']);
});
