import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STAMP_MAX_MS } from '@ausculta/codecs/iso-time';
import type { DeviceId } from '@ausculta/vitals/identity';
import fc from 'fast-check';
import {
  NOON,
  ORGANISATION,
  runSample,
  seriesSample,
  subjectId,
} from '../../../../tests/support/line.ts';
import type { LogEntry, ReadingsEntry, Series } from '../line/entry.ts';
import { decodeBatch, encodeBatch } from './log-batch.ts';

const SERIES = Array.from({ length: 12 }, (_, i) =>
  seriesSample({ id: i * 1_000_003 + 1, subject: i * 70 }),
);
const LEADS = Array.from({ length: 3 }, (_, i) =>
  seriesSample({ id: 9_007_199_254_740_000 + i, subject: i, metric: 'ecg-ii' }),
);
const byId = new Map([...SERIES, ...LEADS].map((series) => [series.id, series]));
const seriesById = (id: number): Series | undefined => byId.get(id);

/** What a door lets in as a stamp, and the offsets that follow from it. */
const someMs = fc.oneof(
  fc.integer({ min: -5000, max: 5000 }).map((ms) => NOON + ms),
  fc.maxSafeNat().map((ms) => ms % (STAMP_MAX_MS + 1)),
);
const someOffsetMs = fc.tuple(someMs, someMs).map(([one, other]) => one - other);

/** Numbers as devices send them, and every other finite one; -0 is a number too. */
const someValue = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -300_000, max: 300_000 }).map((value) => value / 1000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const someReadings: fc.Arbitrary<LogEntry> = fc
  .record({
    receivedMs: someMs,
    offsetMs: someOffsetMs,
    subject: fc.nat(SERIES.length - 1),
    rows: fc.array(fc.tuple(someMs, someValue, fc.nat(255)), { minLength: 1, maxLength: 6 }),
  })
  .map(({ receivedMs, offsetMs, subject, rows }) => {
    const series = SERIES[subject] as Series;
    return {
      kind: 'readings',
      partition: series.partition,
      receivedMs,
      offsetMs,
      series: rows.map(() => series),
      stampsMs: rows.map(([stampMs]) => stampMs),
      values: rows.map(([, value]) => value),
      flags: rows.map(([, , flags]) => flags),
    };
  });

const someRuns: fc.Arbitrary<LogEntry> = fc
  .record({
    receivedMs: someMs,
    offsetMs: someOffsetMs,
    lead: fc.nat(LEADS.length - 1),
    samples: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
      minLength: 1,
      maxLength: 30,
    }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ receivedMs, offsetMs, lead, samples, count }) => {
    const series = LEADS[lead] as Series;
    const runs = Array.from({ length: count }, (_, i) =>
      runSample({ startMs: NOON + i * 1000, samples: Int32Array.from(samples) }),
    );
    return {
      kind: 'waveforms',
      partition: series.partition,
      receivedMs,
      offsetMs,
      series: runs.map(() => series),
      runs,
    };
  });

const someEvent: fc.Arbitrary<LogEntry> = fc
  .record({
    receivedMs: someMs,
    offsetMs: someOffsetMs,
    subject: fc.nat(250),
    id: fc.string({ minLength: 1, maxLength: 40 }),
    stampMs: someMs,
  })
  .map(({ subject, stampMs, id, ...times }) => ({
    kind: 'event',
    partition: subject,
    ...times,
    organisationId: ORGANISATION,
    subjectId: subjectId(subject),
    deviceId: 'monitor-1' as DeviceId,
    id,
    event: { kind: 'fall', stampMs, flags: 0 },
  }));

const someMove: fc.Arbitrary<LogEntry> = fc
  .record({
    receivedMs: someMs,
    subject: fc.nat(250),
    fromMs: someMs,
    untilMs: fc.oneof(someMs, fc.constant(Number.POSITIVE_INFINITY)),
  })
  .map(({ subject, ...times }) => ({
    kind: 'moved',
    partition: subject,
    offsetMs: 0,
    ...times,
    id: 'a move',
    organisationId: ORGANISATION,
    subjectId: subjectId(subject),
    toSubjectId: subjectId(subject + 1),
    deviceId: 'monitor-1' as DeviceId,
  }));

const someCare: fc.Arbitrary<LogEntry> = fc
  .record({ receivedMs: someMs, subject: fc.nat(250), alarm: fc.string({ maxLength: 20 }) })
  .map(({ subject, receivedMs, alarm }) => ({
    kind: 'care',
    partition: subject,
    receivedMs,
    offsetMs: 0,
    organisationId: ORGANISATION,
    subjectId: subjectId(subject),
    act: { kind: 'answer', alarm },
  }));

const someEntry = fc.oneof(
  { weight: 3, arbitrary: someReadings },
  ...[someRuns, someEvent, someMove, someCare],
);
const someBatch = fc.array(someEntry, { minLength: 1, maxLength: 25 });

test('a batch comes back as it was: every entry, by partition, in the order of arrival', () => {
  fc.assert(
    fc.property(someBatch, someMs, (entries, baseMs) => {
      const arrived = [...entries];
      const bytes = encodeBatch(entries, baseMs).slice();
      const expected = arrived
        .map((entry, i) => ({ entry, i }))
        .sort((a, b) => a.entry.partition - b.entry.partition || a.i - b.i);
      assert.deepEqual(
        entries,
        expected.map(({ entry }) => entry),
        'sorted in place, arrival order kept',
      );
      assert.deepEqual(decodeBatch(bytes, seriesById), entries);
    }),
  );
});

test('entries of a subject that is no longer known are left out, the others stay', () => {
  const [gone, kept] = [SERIES[1] as Series, SERIES[2] as Series];
  const entry = (series: Series): ReadingsEntry => ({
    kind: 'readings',
    partition: series.partition,
    receivedMs: NOON,
    offsetMs: 0,
    series: [series],
    stampsMs: [NOON],
    values: [70],
    flags: [0],
  });
  const bytes = encodeBatch([entry(gone), entry(kept)], NOON).slice();
  const decoded = decodeBatch(bytes, (id) => (id === gone.id ? undefined : seriesById(id)));
  assert.deepEqual(decoded, [entry(kept)]);
});

test('bytes of another version are refused, not guessed at', () => {
  assert.throws(
    () => decodeBatch(Uint8Array.of(99, 0, 0), seriesById),
    /broken invariant: a log batch has a version/,
  );
});
