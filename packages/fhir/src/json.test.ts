import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { searchBundle } from './bundle.ts';
import { bundleJson, decimalText } from './json.ts';
import { toObservations } from './observation.ts';

const subjectId = '00000000-0000-4000-9000-000000000001' as SubjectId;
const deviceId = 'monitor-1' as DeviceId;

function jsonOf(...measured: [metric: string, value: number, flags?: number][]): string {
  const readings = measured.map(([metric, value, flags = 0]) => ({
    ...{ metric: metricOf(metric), subjectId, deviceId, epoch: 1, stampMs: 0, timeMs: 0 },
    ...{ value, flags },
  }));
  const resources = toObservations(readings);
  return bundleJson(searchBundle({ baseUrl: 'http://h', selfUrl: 'http://h/self', resources }));
}

const PRECISE = [
  { metric: 'body-temperature', value: 37, text: '37.0' },
  { metric: 'body-temperature', value: 36.6, text: '36.6' },
  { metric: 'body-temperature', value: 36.55, text: '36.55' },
  { metric: 'body-temperature', value: 37.000000001, text: '37.0' },
  { metric: 'body-temperature', value: -0.5, text: '-0.5' },
  { metric: 'heart-rate', value: 72, text: '72' },
  { metric: 'heart-rate', value: 70.5, text: '70.5' },
  { metric: 'spo2', value: 0, text: '0' },
] as const;

for (const { metric, value, text } of PRECISE) {
  test(`${metric} of ${value} is sent as ${text}`, () => {
    const sent = jsonOf([metric, value]);
    assert.match(sent, new RegExp(`"value":${text.replace('.', '\\.')}[,}]`));
    assert.equal(JSON.parse(sent).entry[0].resource.valueQuantity.value, Number(text));
  });
}

test('the parts of a panel keep their decimals, and a bound keeps its comparator', () => {
  const panel = jsonOf(['nibp-systolic', 120], ['nibp-diastolic', 80.5]);
  const [{ resource }] = JSON.parse(panel).entry;
  assert.deepEqual(
    resource.component.map(
      (part: { valueQuantity: { value: number } }) => part.valueQuantity.value,
    ),
    [120, 80.5],
  );
  const bound = jsonOf(['body-temperature', 42, FLAG.ABOVE]);
  assert.match(bound, /"value":42\.0,.*"comparator":">"/);
});

test('an answer without readings is the bundle as it is', () => {
  const bundle = searchBundle({ baseUrl: 'http://h', selfUrl: 'http://h/self', resources: [] });
  assert.equal(bundleJson(bundle), JSON.stringify(bundle));
});

test('whatever the number, its text is JSON, and the same number to a tenth of the last decimal', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.nat(6),
      (value, decimals) => {
        assert.equal(JSON.parse(decimalText(value, decimals)), value + 0);
      },
    ),
  );
});
