import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkByName } from '@ausculta/fhir/observation';
import { parseDeviceId, parseSubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import fc from 'fast-check';
import { seriesSample } from '../../../../tests/support/line.ts';
import type { SeriesRange } from '../telemetry/merge.ts';
import { firstTold, inOrder, isPageStart, readingsPage } from './reading-pages.ts';

const START_MS = 1_764_000_000_000;

const subjectId = parseSubjectId('0190a0b0-0000-7000-8000-000000000001');
const deviceId = parseDeviceId('monitor-1');
assert.ok(subjectId !== undefined && deviceId !== undefined);

const readingOf = (metric: string, timeMs: number) => ({
  metric: metricOf(metric),
  ...{ subjectId, deviceId, epoch: 1, stampMs: timeMs, timeMs, value: 80, flags: 0 },
});

const rangeOf = (metric: string, timesMs: readonly number[]): SeriesRange => ({
  series: { ...seriesSample({ id: 1, metric }), ...readingOf(metric, 0) },
  stampsMs: Float64Array.from(timesMs),
  timesMs: Float64Array.from(timesMs),
  values: new Float64Array(timesMs.length),
  flags: new Uint8Array(timesMs.length),
});

test('only as many Observations are made as are asked for, in order', () => {
  const readings = Array.from({ length: 1_000 }, (_, i) => readingOf('heart-rate', START_MS + i));
  for (const count of [0, 1, 200, 201, 500]) {
    const found = firstTold(readings, count, linkByName);
    assert.equal(found.length, count);
    if (count > 0) assert.equal(found.at(-1)?.timeMs, START_MS + count - 1);
  }
});

test('a panel that lies across the end of a page is one', () => {
  const before = Array.from({ length: 199 }, (_, i) => readingOf('heart-rate', START_MS + i));
  const cuff = ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'].map((key) =>
    readingOf(key, START_MS + 1_000),
  );
  const found = firstTold([...before, ...cuff], 500, linkByName);
  assert.equal(found.length, 200);
  assert.equal(JSON.parse(found.at(-1)?.text ?? '').component.length, 3);
});

test('the first of all series are among the first of each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 9 })), { maxLength: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      (series, wanted, newestFirst) => {
        const keys = ['heart-rate', 'spo2', 'resp-rate'];
        const ranges = series.map((times, i) =>
          rangeOf(
            keys[i] ?? '',
            times.sort((a, b) => a - b),
          ),
        );
        const all = inOrder(ranges, { newestFirst, wanted: 1_000 });
        const some = inOrder(ranges, { newestFirst, wanted });
        assert.deepEqual(some.slice(0, wanted), all.slice(0, wanted));
      },
    ),
  );
});

const METRICS = ['heart-rate', 'spo2', 'resp-rate', 'body-temperature'];

test('page after page, also where many are of one time, each reading is told once', async () => {
  const ranges = METRICS.map((key) => rangeOf(key, [START_MS, START_MS + 1, START_MS + 2]));
  const asked = { subjectId, codes: [], categories: [], ignored: [], newestFirst: false };
  const interval = { fromMs: 0, untilMs: START_MS * 2 };
  const told: string[] = [];
  for (let page: { atMs: number; skip: number } | undefined, pages = 1; ; pages++) {
    // Only what is not before the page is in its window.
    const query = { ...asked, interval, count: 3, page };
    const start = page?.atMs ?? 0;
    const from = ranges.map(({ timesMs, series }) =>
      rangeOf(
        series.metric.key,
        [...timesMs].filter((ms) => ms >= start),
      ),
    );
    async function* windows(): AsyncGenerator<SeriesRange[]> {
      yield from;
    }
    const found = await readingsPage(query, { telemetry: { windows }, linksOf: linkByName });
    told.push(...found.resources.map(({ id }) => id));
    assert.ok(found.next === undefined || isPageStart(found.next));
    page = found.next;
    if (page === undefined) {
      assert.equal(pages, 4);
      break;
    }
  }
  assert.equal(told.length, 12);
  assert.equal(new Set(told).size, 12);
});

test('a place that we never wrote is none: behind more readings than one time has, or before it', () => {
  for (const skip of [0, 1, 9_999]) assert.ok(isPageStart({ atMs: START_MS, skip }));
  for (const skip of [-1, 10_000, 9e15, 0.5, Number.NaN])
    assert.ok(!isPageStart({ atMs: START_MS, skip }));
  assert.ok(isPageStart({ atMs: -8.64e15, skip: 0 }));
  assert.ok(!isPageStart({ atMs: 8.65e15, skip: 0 }));
  assert.ok(!isPageStart({ skip: 0 }));
});
