import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObservationQuery } from '@ausculta/fhir/observation-query';
import { parseDeviceId, parseSubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { firstMatching } from './reading-pages.ts';

const START_MS = 1_764_000_000_000;
const SUBJECT = '0190a0b0-0000-7000-8000-000000000001';

const subjectId = parseSubjectId(SUBJECT);
const deviceId = parseDeviceId('monitor-1');
assert.ok(subjectId !== undefined && deviceId !== undefined);

const readingOf = (metric: string, timeMs: number) => ({
  metric: metricOf(metric),
  ...{ subjectId, deviceId, epoch: 1, stampMs: timeMs, timeMs, value: 80, flags: 0 },
});

function queryFor(count: number) {
  const query = parseObservationQuery(
    new URLSearchParams({ patient: SUBJECT, _count: String(count) }),
    { isLenient: false },
  );
  assert.ok(query.ok);
  return query.value;
}

test('only as many Observations are made as are asked for, in order', () => {
  const readings = Array.from({ length: 1_000 }, (_, i) => readingOf('heart-rate', START_MS + i));
  for (const count of [0, 1, 200, 201, 500]) {
    const found = firstMatching(queryFor(count), readings, count);
    assert.equal(found.length, count);
    const lastMs = Date.parse(found.at(-1)?.effectiveDateTime ?? '');
    if (count > 0) assert.equal(lastMs, START_MS + count - 1);
  }
});

test('a panel that lies across the end of a page is one', () => {
  const before = Array.from({ length: 199 }, (_, i) => readingOf('heart-rate', START_MS + i));
  const cuff = ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'].map((key) =>
    readingOf(key, START_MS + 1_000),
  );
  const found = firstMatching(queryFor(500), [...before, ...cuff], 500);
  assert.equal(found.length, 200);
  assert.equal(found.at(-1)?.component?.length, 3);
});
