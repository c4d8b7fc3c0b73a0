import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReport, type Report } from '@ausculta/blocks/report-block';
import { FLAG } from '@ausculta/vitals/reading';
import { zstd } from '../telemetry/zstd.ts';
import { decodeMessage } from './decode.ts';
import { REPORT_READINGS_MAX } from './decode-report.ts';
import type { Decoded } from './intake.ts';

const NOW_MS = 1_764_000_000_000;

function seriesOf(metric: string, rows: readonly (readonly [number, number, number])[]) {
  return {
    metric,
    stampsMs: Float64Array.from(rows, ([stampMs]) => stampMs),
    values: Float64Array.from(rows, ([, value]) => value),
    flags: Uint8Array.from(rows, ([, , flags]) => flags),
  };
}

function decode(report: Report): Decoded {
  const bytes = encodeReport(report, zstd);
  assert.ok(bytes.ok);
  return decodeMessage('readings', bytes.value, NOW_MS);
}

const faultsOf = (decoded: Decoded) =>
  decoded.faults.map(({ index, fault }) => [index, fault.code]);

test('a report becomes readings, series after series, with unit, flags and time of sending', () => {
  const decoded = decode({
    sentMs: NOW_MS + 5,
    series: [
      seriesOf('heart-rate', [
        [NOW_MS, 72, 0],
        [NOW_MS + 1000, 73, FLAG.QUESTIONABLE],
      ]),
      { ...seriesOf('8310-5', [[NOW_MS, 98.6, FLAG.SIMULATED]]), unit: '[degF]' },
    ],
  });
  assert.deepEqual(decoded, {
    kind: 'readings',
    sentMs: NOW_MS + 5,
    faults: [],
    readings: [
      { metric: 'heart-rate', stampMs: NOW_MS, value: 72, flags: 0 },
      { metric: 'heart-rate', stampMs: NOW_MS + 1000, value: 73, flags: FLAG.QUESTIONABLE },
      { metric: '8310-5', unit: '[degF]', stampMs: NOW_MS, value: 98.6, flags: FLAG.SIMULATED },
    ],
  });
});

test('each reading is judged alone: a bad one keeps no other out', () => {
  const decoded = decode({
    series: [
      seriesOf('heart-rate', [
        [-1, 72, 0],
        [NOW_MS, 73, 0],
      ]),
      seriesOf('spo2', [
        [NOW_MS, 97, FLAG.ABOVE | FLAG.BELOW],
        [NOW_MS, 97, 128],
        [NOW_MS, 97, FLAG.BELOW],
      ]),
    ],
  });
  assert.deepEqual(faultsOf(decoded), [
    [0, 'STAMP_INVALID'],
    [2, 'PAYLOAD_MALFORMED'],
    [3, 'PAYLOAD_MALFORMED'],
  ]);
  assert.equal(decoded.kind === 'readings' && decoded.readings.length, 2);
});

test('what only the platform may find is not taken from a device', () => {
  const flags = FLAG.IMPLAUSIBLE | FLAG.CONFLICT | FLAG.CORRECTION;
  const decoded = decode({ series: [seriesOf('spo2', [[NOW_MS, 97, flags]])] });
  assert.equal(decoded.kind === 'readings' && decoded.readings[0]?.flags, FLAG.CORRECTION);
});

test('a report holds ten thousand readings and no more', () => {
  const of = (count: number) =>
    decode({
      series: [
        seriesOf(
          'spo2',
          Array.from({ length: count }, (_, i) => [NOW_MS + i, 97, 0] as const),
        ),
      ],
    });
  assert.deepEqual(faultsOf(of(REPORT_READINGS_MAX)), []);
  assert.deepEqual(faultsOf(of(REPORT_READINGS_MAX + 1)), [[-1, 'BLOCK_TOO_LARGE']]);
});

test('a damaged report, a block of another kind and a time of sending that is none are faults', () => {
  const bytes = encodeReport({ series: [seriesOf('spo2', [[NOW_MS, 97, 0]])] }, zstd);
  assert.ok(bytes.ok);
  const of = (message: Uint8Array) => faultsOf(decodeMessage('readings', message, NOW_MS));
  assert.deepEqual(of(bytes.value.subarray(0, -1)), [[-1, 'BLOCK_MALFORMED']]);
  assert.deepEqual(of(Uint8Array.of(0x11, ...bytes.value.subarray(1))), [
    [-1, 'PAYLOAD_MALFORMED'],
  ]);
  assert.deepEqual(of(Uint8Array.of()), [[-1, 'PAYLOAD_MALFORMED']]);
  const sentBefore1970 = decode({ sentMs: -1, series: [seriesOf('spo2', [[NOW_MS, 97, 0]])] });
  assert.deepEqual(faultsOf(sentBefore1970), [[-1, 'STAMP_INVALID']]);
});
