import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBlockHeader, VALUES_PER_BLOCK_MAX } from './block-frame.ts';
import { NO_COMPRESSION } from './compression.ts';
import { encodeReadings } from './readings-block.ts';
import {
  decodeReport,
  encodeReport,
  type Report,
  type ReportedSeries,
  SERIES_PER_REPORT_MAX,
} from './report-block.ts';

function seriesOf(metric: string, rows: readonly (readonly [number, number, number])[]) {
  return {
    metric,
    stampsMs: Float64Array.from(rows, ([stampMs]) => stampMs),
    values: Float64Array.from(rows, ([, value]) => value),
    flags: Uint8Array.from(rows, ([, , flags]) => flags),
  };
}

function encoded(report: Report): Uint8Array {
  const result = encodeReport(report, NO_COMPRESSION);
  assert.ok(result.ok);
  return result.value;
}

function faultOf(result: { ok: boolean; fault?: { code: string } }): string | undefined {
  return result.ok ? undefined : result.fault?.code;
}

const anyRow = fc.tuple(
  fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 1.7e12, max: 1.7e12 + 1000 })),
  fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 0, max: 300 })),
  fc.oneof(fc.constant(0), fc.nat(255)),
);
const anySeries: fc.Arbitrary<ReportedSeries> = fc
  .tuple(
    fc.string({ maxLength: 40, unit: 'grapheme' }),
    fc.option(fc.string({ minLength: 1, maxLength: 12 }), { nil: undefined }),
    fc.array(anyRow, { minLength: 1, maxLength: 40 }),
  )
  .map(([metric, unit, rows]) => ({
    ...seriesOf(metric, rows),
    ...(unit === undefined ? {} : { unit }),
  }));
const anyReport: fc.Arbitrary<Report> = fc
  .tuple(
    fc.array(anySeries, { maxLength: 6 }),
    fc.boolean(),
    fc.option(fc.maxSafeInteger(), { nil: undefined }),
  )
  .map(([series, sharesStamps, sentMs]) => {
    const [first] = series;
    const shared = sharesStamps && first ? { ...first, metric: 'spo2' } : undefined;
    const all = shared === undefined ? series : [...series.slice(0, 1), shared, ...series.slice(1)];
    return { ...(sentMs === undefined ? {} : { sentMs }), series: all };
  });

test('any report comes back bit for bit', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const decoded = decodeReport(encoded(report), NO_COMPRESSION);
      assert.ok(decoded.ok);
      assert.equal(decoded.value.sentMs, report.sentMs);
      const series = decoded.value.series.map(({ decimals: _, ...rest }) => rest);
      assert.deepEqual(series, report.series);
    }),
  );
});

test('the header tells how many readings there are and what they span', () => {
  const series = [
    seriesOf('heart-rate', [
      [1000, 72, 0],
      [2000, 73, 0],
    ]),
    seriesOf('spo2', [[500, 97, 0]]),
  ];
  const header = readBlockHeader(encoded({ series }));
  assert.ok(header.ok);
  assert.deepEqual(header.value, {
    kind: 'report',
    count: 3,
    span: { firstMs: 500, lastMs: 2000 },
  });
});

test('series of the same moments cost their stamps once', () => {
  const rowsFrom = (shiftMs: number) =>
    Array.from({ length: 60 }, (_, i) => [i * 1013 + ((i * 7) % 40) + shiftMs, 72, 0] as const);
  const metrics = ['heart-rate', 'spo2', 'resp-rate', 'pulse-rate', 'cvp'];
  const same = encoded({ series: metrics.map((metric) => seriesOf(metric, rowsFrom(0))) });
  const apart = encoded({ series: metrics.map((metric, i) => seriesOf(metric, rowsFrom(i))) });
  assert.ok(same.length < apart.length * 0.7, `${same.length} of ${apart.length} bytes`);
});

test('what cannot be held is refused with its place', () => {
  const good = seriesOf('heart-rate', [[1, 72, 0]]);
  const refusal = (...series: ReportedSeries[]) =>
    faultOf(encodeReport({ series }, NO_COMPRESSION));
  assert.equal(refusal(good), undefined);
  assert.equal(refusal(good, seriesOf('spo2', [])), 'BLOCK_MALFORMED');
  assert.equal(refusal(seriesOf('spo2', [[1, Number.NaN, 0]])), 'VALUE_NOT_FINITE');
  assert.equal(refusal(seriesOf('spo2', [[1.5, 97, 0]])), 'STAMP_INVALID');
  assert.equal(refusal(seriesOf('m'.repeat(128), [[1, 1, 0]])), undefined);
  assert.equal(refusal(seriesOf('m'.repeat(129), [[1, 1, 0]])), 'BLOCK_TOO_LARGE');
  assert.equal(refusal({ ...good, unit: 'u'.repeat(65) }), 'BLOCK_TOO_LARGE');
  const many = Array.from({ length: SERIES_PER_REPORT_MAX + 1 }, () => good);
  assert.equal(refusal(...many.slice(1)), undefined);
  assert.equal(refusal(...many), 'BLOCK_TOO_LARGE');
  const sent = encodeReport({ sentMs: 1.5, series: [good] }, NO_COMPRESSION);
  assert.equal(faultOf(sent), 'STAMP_INVALID');
  const wide = { ...good, stampsMs: new Float64Array(VALUES_PER_BLOCK_MAX + 1) };
  assert.equal(refusal(wide), 'BLOCK_TOO_LARGE');
});

test('bytes of another kind, shortened, lengthened or damaged are a fault, never a crash', () => {
  const bytes = encoded({
    sentMs: 5,
    series: [
      seriesOf('heart-rate', [
        [1000, 72.5, 64],
        [2000, 73, 0],
      ]),
      seriesOf('spo2', [
        [1000, 97, 0],
        [2000, 96, 0],
      ]),
    ],
  });
  for (let length = 0; length < bytes.length; length += 1)
    assert.ok(!decodeReport(bytes.subarray(0, length), NO_COMPRESSION).ok, `${length} bytes`);
  assert.ok(!decodeReport(Uint8Array.of(...bytes, 0), NO_COMPRESSION).ok);
  const reading = encodeReadings(seriesOf('', [[1, 1, 0]]), NO_COMPRESSION);
  assert.ok(reading.ok);
  assert.equal(faultOf(decodeReport(reading.value, NO_COMPRESSION)), 'BLOCK_MALFORMED');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = byte;
      const decoded = decodeReport(damaged, NO_COMPRESSION);
      if (!decoded.ok) return;
      for (const { stampsMs, values } of decoded.value.series) {
        assert.ok(stampsMs.length > 0 && stampsMs.length <= VALUES_PER_BLOCK_MAX);
        assert.ok(values.every(Number.isFinite));
      }
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      decodeReport(Uint8Array.of(0x13, 2, ...tail), NO_COMPRESSION);
    }),
  );
});
