/** Log, heads and chunks together on a real PostgreSQL: what is read is the same before and after. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import {
  NOON,
  ORGANISATION,
  ramp,
  readingsEntry,
  runSample,
} from '../../../../tests/support/line.ts';
import {
  ALL_TIME,
  Engine,
  keys,
  prepare,
  SUBJECT,
  seal,
} from '../../../../tests/support/telemetry-engine.ts';
import { StartProblem } from '../database/start-problem.ts';
import type { LogEntry, Series } from '../line/entry.ts';
import { FIRST_EVENTS } from './events.ts';

const at = (series: Series, second: number, value: number, flags = 0): LogEntry =>
  readingsEntry(series, { stampMs: NOON + second * 1000, value, flags });

const runAt = (series: Series, from: number, length = 10): LogEntry => ({
  kind: 'waveforms',
  partition: series.partition,
  receivedMs: NOON,
  offsetMs: 0,
  series: [series],
  runs: [runSample({ startMs: NOON + from * 10, samples: ramp(from, length) })],
});

test('head, chunks and both give the same readings: late ones in place, resent ones once, corrected ones corrected', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const first = await Engine.open(database);
  await first.append(at(rate, 1, 70), at(rate, 3, 72));
  await first.telemetry.flush();
  await first.append(
    at(rate, 2, 71),
    at(rate, 3, 72),
    at(rate, 1, 90, FLAG.CORRECTION),
    at(rate, 4, 73),
  );
  const expected = [
    [1, 90],
    [2, 71],
    [3, 72],
    [4, 73],
  ];
  assert.deepEqual(await first.read(), expected, 'chunks and head');
  await first.telemetry.flush();
  assert.deepEqual(await first.read(), expected, 'chunks alone');
  await first.append(at(rate, 5, 74));
  first.crash();
  const second = await Engine.open(database);
  assert.deepEqual(await second.read(), [...expected, [5, 74]], 'after a restart');
  assert.equal(
    second.telemetry.latest(SUBJECT)[0]?.last.value,
    74,
    'the last reading is known from the start',
  );
  await second.append(at(rate, 4, 73), at(rate, 5, 74));
  assert.deepEqual(await second.read(), [...expected, [5, 74]], 'sent again after the restart');
  second.crash();
  assert.deepEqual([...first.problems, ...second.problems], []);
});

for (const failure of ['transaction', 'settling'] as const) {
  test(`a flush whose ${failure} fails loses nothing, whatever comes meanwhile and however it ends`, async () => {
    await using places = await prepare();
    const { database, rate, lead } = places;
    const engine = await Engine.open(database);
    await engine.append(at(rate, 1, 70), runAt(lead, 0));
    engine.failing[failure] = true;
    await engine.telemetry.flush();
    assert.deepEqual(engine.problems, ['flush']);
    await engine.append(at(rate, 2, 71), runAt(lead, 10));
    assert.deepEqual(
      await engine.read(),
      [
        [1, 70],
        [2, 71],
      ],
      'all is readable meanwhile',
    );
    engine.failing[failure] = false;
    await engine.telemetry.flush();
    engine.crash();
    const again = await Engine.open(database);
    assert.deepEqual(
      await again.read(),
      [
        [1, 70],
        [2, 71],
      ],
      'the checkpoint passed nothing that no chunk holds',
    );
    assert.deepEqual(await again.samples(), [...ramp(0, 20)]);
    again.crash();
  });
}

test('waveforms across flush, restart and resend: each sample once, gaps stay gaps', async () => {
  await using places = await prepare();
  const { database, lead } = places;
  const first = await Engine.open(database);
  await first.append(runAt(lead, 0), runAt(lead, 10));
  await first.telemetry.flush();
  await first.append(runAt(lead, 20), runAt(lead, 100));
  first.crash();
  const second = await Engine.open(database);
  await second.append(runAt(lead, 10), runAt(lead, 15), runAt(lead, 20));
  const expected = [...ramp(0, 30), ...ramp(100, 10)];
  assert.deepEqual(await second.samples(), expected);
  const runs = await second.telemetry.waveforms({
    subjectId: SUBJECT,
    metrics: ['ecg-ii'],
    ...ALL_TIME,
    unreadable: [],
  });
  assert.deepEqual(
    runs.map((run) => [run.startMs - NOON, run.samples.length]),
    [
      [0, 30],
      [1000, 10],
    ],
  );
  await second.telemetry.flush();
  assert.deepEqual(await second.samples(), expected, 'from chunks alone');
  second.crash();
});

const buttonPressed = (series: Series, i: number): LogEntry => ({
  kind: 'event',
  partition: series.partition,
  receivedMs: NOON,
  offsetMs: 0,
  organisationId: ORGANISATION,
  subjectId: SUBJECT,
  deviceId: series.deviceId,
  id: `monitor-1/1/${i}`,
  event: { kind: 'button', stampMs: NOON + i, flags: 0 },
});

test('a subject that is erased while a flush fails is in no row of it, and in no answer', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const erased = new Set<string>();
  const engine = await Engine.open(database, {
    sealOf: (id) => (erased.has(id) ? undefined : seal),
  });
  await engine.append(at(rate, 1, 70), buttonPressed(rate, 1));
  engine.failing.transaction = true;
  await engine.telemetry.flush();
  await engine.append(at(rate, 2, 71), buttonPressed(rate, 2));
  erased.add(SUBJECT);
  await engine.telemetry.forget(SUBJECT);
  engine.failing.transaction = false;
  await engine.append(at(rate, 3, 72), buttonPressed(rate, 3));
  assert.deepEqual(await engine.read(), []);
  await engine.telemetry.flush();
  await engine.telemetry.flush();
  engine.crash();
  for (const table of ['chunk', 'event']) {
    const [row] = await database.line`SELECT count(*)::int AS count FROM ${database.line(table)}`;
    assert.equal(row?.['count'], 0, table);
  }
  const again = await Engine.open(database, { sealOf: () => undefined });
  assert.deepEqual(await again.read(), []);
  assert.deepEqual([...engine.problems, ...again.problems], ['flush']);
  again.crash();
});

test('a flush that finds nothing new writes nothing, and still lets old hours of the log expire', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const retired: string[] = [];
  const logKeys = { ...keys, retireBefore: (table: string) => void retired.push(table) };
  const engine = await Engine.open(database, { logKeys });
  const writtenAt = async () => {
    const [row] = await database.line`SELECT max(xmin::text::bigint)::text AS xid FROM checkpoint`;
    return row?.['xid'] as string;
  };
  await engine.append(at(rate, 1, 70));
  await engine.telemetry.flush();
  const first = await writtenAt();
  await engine.telemetry.flush();
  assert.equal(await writtenAt(), first);
  assert.equal(retired.length, 2);
  await engine.append(at(rate, 2, 71));
  await engine.telemetry.flush();
  assert.notEqual(await writtenAt(), first);
  engine.crash();
  const again = await Engine.open(database);
  assert.deepEqual(await again.read(), [
    [1, 70],
    [2, 71],
  ]);
  again.crash();
});

test('an hour of the log without its key stops the start, unless its time is over', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(at(rate, 1, 70));
  engine.crash();
  const logKeys = { ...keys, toRead: () => undefined };
  await assert.rejects(Engine.open(database, { logKeys }), /no key for log_\d{10}/);
  const week = 7 * 24 * 3_600_000;
  await assert.rejects(Engine.open(database, { logKeys, nowMs: NOON + week }), StartProblem);
  const late = await Engine.open(database, { logKeys, nowMs: NOON + week + 3_600_000 });
  assert.match(late.problems.join(), /^replay log_\d{10}$/);
  assert.deepEqual(await late.read(), []);
  late.crash();
});

test('more events at once than a statement has parameters for are flushed', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(...Array.from({ length: 8_000 }, (_, i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  engine.crash();
  assert.deepEqual(engine.problems, []);
  const [row] = await database.line`SELECT count(*)::int AS count FROM event`;
  assert.equal(row?.['count'], 8_000);
});

test('events are listed once each, whether they are stored, on their way, or just received', async () => {
  await using places = await prepare();
  const { database, rate } = places;
  const engine = await Engine.open(database);
  await engine.append(...[0, 1, 2].map((i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  engine.failing.transaction = true;
  await engine.append(...[2, 3].map((i) => buttonPressed(rate, i)));
  await engine.telemetry.flush();
  await engine.append(...[0, 3, 4].map((i) => buttonPressed(rate, i)));
  const question = { organisationId: ORGANISATION, subjectId: SUBJECT, after: FIRST_EVENTS };
  const listed = async () => {
    const { events, next } = await engine.telemetry.events({ ...question, ...ALL_TIME, limit: 10 });
    assert.equal(next, null);
    return events.map(({ id }) => Number(id.split('/').at(-1)));
  };
  assert.deepEqual(await listed(), [4, 3, 2, 1, 0]);
  engine.failing.transaction = false;
  await engine.telemetry.flush();
  await engine.telemetry.flush();
  assert.deepEqual(await listed(), [4, 3, 2, 1, 0], 'from the table alone');
  engine.crash();
});
