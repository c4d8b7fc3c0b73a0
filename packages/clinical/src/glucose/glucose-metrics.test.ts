import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '@ausculta/vitals/fault';
import { dataTest } from '../../../../tools/test-data.ts';
import { agpProfile, dataSufficiency } from './agp-profile.ts';
import { gridOf } from './glucose-grid.ts';
import { glucoseMetrics } from './glucose-metrics.ts';
import { type GlucoseSeries, readGlucoseCsv, seriesOf, writeWallClock } from './glucose-series.ts';
import { mageOf } from './mage.ts';

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) assert.fail(`${result.fault.code}: ${result.fault.detail ?? ''}`);
  return result.value;
}

function readSeries(file: string): GlucoseSeries[] {
  return unwrap(seriesOf(unwrap(readGlucoseCsv(readFileSync(file, 'utf8')))));
}

type Group = Readonly<Record<string, number | string | null>>;
type Reference = Readonly<Record<string, Record<string, Record<string, Group | Group[]>>>>;

/** Our mean is over all hours; the reference's, over its days, has a known slip. */
const TOLERANCE: Readonly<Record<string, number>> = { auc: 0.02 };
const USUAL_TOLERANCE = 0.001;

const SETS = ['dexcom_5subject', 'hall2018'];

dataTest(
  { dataset: 'cgm-iglu', name: 'every metric of every person equals the reference', cases: 13 },
  (directory) => {
    const reference = JSON.parse(
      readFileSync(join(directory, 'reference_metrics.json'), 'utf8'),
    ) as Reference;
    for (const set of SETS) {
      for (const series of readSeries(join(directory, `${set}.csv`))) {
        const expected = reference[set]?.[series.id];
        assert.ok(expected !== undefined);
        const ours = glucoseMetrics(series);
        for (const [name, group] of Object.entries(expected)) {
          assertClose(ours[name], group, `${series.id} ${name}`, TOLERANCE[name]);
        }
      }
    }
  },
);

function assertClose(
  ours: unknown,
  expected: unknown,
  where: string,
  tolerance = USUAL_TOLERANCE,
): void {
  if (typeof expected === 'number') {
    const isClose = Math.abs((ours as number) - expected) <= tolerance * Math.abs(expected);
    assert.ok(isClose, `${where}: ${ours}, not ${expected}`);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    assert.equal(ours, expected, where);
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    const own = (ours as Record<string, unknown> | undefined)?.[key];
    assertClose(own, value, `${where} ${key}`, tolerance);
  }
}

dataTest(
  { dataset: 'cgm-iglu', name: 'MAGE comes close to days that were counted by hand', cases: 8 },
  (directory) => {
    const series = readSeries(join(directory, 'dexcom_5subject.csv'));
    const lines = readFileSync(join(directory, 'mage_manual.csv'), 'utf8').trim().split('\n');
    const errors = lines.slice(1).map((line) => {
      const [id, from, to, , , , manual, plus, minus] = line.split(',');
      const whole = series.find((each) => each.id === id);
      assert.ok(whole !== undefined);
      const piece = pieceOf(whole, Number(from) - 1, Number(to));
      const mage = mageOf(gridOf(piece));
      assertClose(mage.plus, Number(plus), `${line} plus`);
      assertClose(mage.minus, Number(minus), `${line} minus`);
      return Math.abs(mage.service / Number(manual) - 1);
    });
    errors.sort((one, other) => one - other);
    const middle = errors.length / 2;
    const median = ((errors[Math.floor(middle)] ?? 1) + (errors[Math.ceil(middle) - 1] ?? 1)) / 2;
    assert.ok(median <= 0.05, `median absolute error ${median}`);
  },
);

function pieceOf({ id, timesMs, mgDl }: GlucoseSeries, from: number, to: number): GlucoseSeries {
  return { id, timesMs: timesMs.slice(from, to), mgDl: mgDl.slice(from, to) };
}

const START_MS = Date.UTC(2026, 2, 1);
const STEP_MS = 300_000;

/** Every five minutes from a midnight on. */
function evenSeries(values: readonly number[]): GlucoseSeries {
  const rows = values.map((gl, i) => ({
    id: 'a',
    time: writeWallClock(START_MS + i * STEP_MS),
    gl,
  }));
  return unwrap(seriesOf(rows))[0] ?? assert.fail('no series');
}

test('the bounds of the ranges lie within them', () => {
  const metrics = glucoseMetrics(evenSeries([53, 54, 69, 70, 180, 181, 250, 251]));
  assert.deepEqual(metrics['below_percent'], { below_54: 12.5, below_70: 37.5 });
  assert.deepEqual(metrics['above_percent'], { above_140: 50, above_180: 37.5, above_250: 12.5 });
});

test('what a short series cannot say is null, never a number', () => {
  const one = glucoseMetrics(evenSeries([100]));
  assert.deepEqual(one['mean_glu'], { mean: 100 });
  assert.deepEqual(one['sd_glu'], { SD: null });
  assert.deepEqual(one['mage'], { MAGE: null });
  assert.deepEqual(one['modd'], { MODD: null });
  const none = glucoseMetrics(
    unwrap(seriesOf([{ id: 'a', time: '2026-03-01 00:00', gl: Number.NaN }]))[0] as GlucoseSeries,
  );
  assert.deepEqual(none['mean_glu'], { mean: null });
});

test('no value is drawn across a gap of more than 45 minutes', () => {
  const series = (minutes: number) =>
    unwrap(
      seriesOf([
        { id: 'a', time: '2026-03-01 00:05:00', gl: 100 },
        { id: 'a', time: '2026-03-01 00:10:00', gl: 100 },
        { id: 'a', time: '2026-03-01 00:15:00', gl: 100 },
        { id: 'a', time: writeWallClock(START_MS + (15 + minutes) * 60_000), gl: 190 },
      ]),
    )[0] as GlucoseSeries;
  assert.equal(gridOf(series(45)).days[0]?.[3], 110);
  assert.ok(Number.isNaN(gridOf(series(46)).days[0]?.[3]));
});

const BAD_FILES: readonly [string, RegExp][] = [
  ['time,gl\n1,2', /id, time and gl/],
  ['id,time,gl\na,2026-02-30 10:00:00,100', /STAMP_INVALID.*row 0/],
  ['id,time,gl\na,2026-03-01 10:00:00,x', /row 0.*"gl"/],
  ['id,time,gl\na,2026-03-01 10:00:00,-3', /row 0.*"gl"/],
  ['id,time,gl\na,2026-03-01 10:00:00,100\na,1926-03-01 10:00:00,100', /ten years/],
];

for (const [text, what] of BAD_FILES) {
  test(`a glucose file is refused: ${what.source}`, () => {
    const rows = readGlucoseCsv(text);
    const result = rows.ok ? seriesOf(rows.value) : rows;
    assert.ok(!result.ok);
    assert.match(`${result.fault.code} ${result.fault.detail}`, what);
  });
}

test('rows may stand in any order, in quotes, with more columns and absent values', () => {
  const text =
    '\uFEFF"gl","id","x","time"\r\n120,"b",1,2026-03-01T00:10\r\n110,"b",1,2026-03-01 00:05:00\r\nNA,"b",1,2026-03-01 00:07:00\r\n';
  const [series] = unwrap(seriesOf(unwrap(readGlucoseCsv(text))));
  assert.deepEqual(Array.from(series?.mgDl ?? []), [110, 120]);
});

test('the profile needs five days, and the report 70 % of fourteen', () => {
  const days = (count: number) =>
    evenSeries(Array.from({ length: count * 288 }, (_, i) => 100 + (i % 288) / 4));
  assert.deepEqual(agpProfile(days(4)), []);
  const profile = agpProfile(days(5));
  assert.equal(profile.length, 48);
  const noon = profile.find(({ minuteOfDay }) => minuteOfDay === 720);
  assert.equal(noon?.p50, 136);
  assert.ok((noon?.p5 ?? 0) < 136 && (noon?.p95 ?? 0) > 136);
  assert.equal(dataSufficiency(days(9)).isSufficient, false);
  assert.equal(dataSufficiency(days(10)).isSufficient, true);
});
