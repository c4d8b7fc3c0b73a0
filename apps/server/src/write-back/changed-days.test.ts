/** A checkpoint waits for the days that the readings before it have changed. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { dayAfter, localDays } from '@ausculta/fhir/local-day';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import type { InLane } from '../database/pool.ts';
import { ChangedDays } from './changed-days.ts';
import type { OptIn } from './opt-ins.ts';
import { readDestinations } from './settings.ts';

const TODAY = '2026-11-22';
const FROM = '2026-11-10';

describe('days that have changed', () => {
  let database: TestDatabase;
  const days = localDays('Europe/Berlin');
  assert.ok(days !== undefined);
  const noon = (day: string): number => days.spanOf(day).fromMs + 12 * 3_600_000;
  const organisationId = randomUUID() as OrganisationId;
  const subjectId = randomUUID() as SubjectId;
  const [destination] = readDestinations(
    JSON.stringify({
      destinations: [
        {
          ...{ name: 'ehr', url: 'https://ehr.example/', zone: 'UTC', patientSystem: 'urn:x' },
          credentials: { kind: 'none' },
        },
      ],
    }),
  );
  assert.ok(typeof destination === 'object');
  const optIn: OptIn = {
    ...{ organisationId, subjectId, destination, days, from: FROM, reason: undefined },
    ...{ lookedMs: undefined, patient: undefined, state: 'found' },
  };

  before(async () => {
    database = await freshDatabase();
  });
  after(() => database[Symbol.asyncDispose]());
  beforeEach(() => database.line`DELETE FROM write_back_day`);

  function changing(own: readonly OptIn[] = [optIn]) {
    const lane = { isAway: false };
    const problems: string[] = [];
    const inLane: InLane = (work) =>
      lane.isAway ? Promise.reject(new Error('away')) : aloneIn(database.line)(work);
    const changed = new ChangedDays({
      inLane,
      optIns: { isEmpty: own.length === 0, ofSubject: (id) => (id === subjectId ? own : []) },
      nowMs: () => noon(TODAY),
      onProblem: (what) => void problems.push(what),
    });
    return { changed, lane, problems };
  }

  const arrival = (
    timeMs: number,
    of: { epoch?: number; metric?: string; who?: SubjectId } = {},
  ) => {
    const { epoch = 1, metric = 'heart-rate', who = subjectId } = of;
    const series = { id: 1, partition: 0, epoch, metric: metricOf(metric), organisationId };
    return { timeMs, series: { ...series, subjectId: who, deviceId: 'watch-1' as DeviceId } };
  };
  const marked = async () => {
    const rows = await database.line<{ day: string; revision: number; due_ms: number }[]>`
      SELECT day, revision, due_ms FROM write_back_day ORDER BY day`;
    return [...rows];
  };

  test('a day is marked once, however many readings it has, and is due an hour after it is over', async () => {
    const { changed } = changing();
    for (let i = 0; i < 1_000; i += 1) changed.watch(arrival(noon(TODAY) + i));
    changed.watch(arrival(noon('2026-11-20')));
    await changed.settle();
    const [late, today] = await marked();
    assert.deepEqual([late?.day, today?.day], ['2026-11-20', TODAY]);
    assert.equal(today?.revision, 1);
    assert.equal(today?.due_ms, days.spanOf(TODAY).untilMs + 3_600_000);
    assert.equal(late?.due_ms, noon(TODAY) + 5 * 60_000, 'what is past, once it is quiet');
  });

  test('a day that is looked at is marked anew by what comes from then on', async () => {
    const { changed } = changing();
    changed.watch(arrival(noon('2026-11-20')));
    await changed.settle();
    changed.watch(arrival(noon('2026-11-20')));
    changed.taken(optIn, '2026-11-20');
    changed.watch(arrival(noon('2026-11-20')));
    await changed.settle();
    assert.equal((await marked())[0]?.revision, 2);
  });

  const NOTHING = [
    { what: 'the day before the first that is sent', given: arrival(noon(dayAfter(FROM, -1))) },
    { what: 'a clock of long ago', given: arrival(Date.parse('0099-05-05T12:00:00Z')) },
    { what: 'a clock before all calendars', given: arrival(-1e15) },
    { what: 'a day that is far ahead', given: arrival(noon(dayAfter(TODAY, 3))) },
    { what: 'what is held from the record', given: arrival(noon(TODAY), { epoch: -1 }) },
    { what: 'a waveform', given: arrival(noon(TODAY), { metric: 'ecg' }) },
    { what: 'somebody else', given: arrival(noon(TODAY), { who: randomUUID() as SubjectId }) },
  ];

  for (const { what, given } of NOTHING) {
    test(`nothing is marked by ${what}`, async () => {
      const { changed } = changing();
      changed.watch(given);
      await changed.settle();
      assert.deepEqual(await marked(), []);
    });
  }

  test('nothing is marked of who was withdrawn', async () => {
    const { changed } = changing([{ ...optIn, state: 'withdrawn' }]);
    changed.watch(arrival(noon(TODAY)));
    await changed.moved([subjectId], { fromMs: noon(FROM), untilMs: noon(TODAY) });
    await changed.settle();
    assert.deepEqual(await marked(), []);
  });

  test('a checkpoint fails while a day cannot be written, and the day is there with the next one', async () => {
    const { changed, lane, problems } = changing();
    lane.isAway = true;
    changed.watch(arrival(noon(TODAY)));
    await assert.rejects(changed.settle(), /away/);
    assert.deepEqual(problems, ['note a day that is to be sent']);
    lane.isAway = false;
    await changed.settle();
    assert.equal((await marked()).length, 1);
  });

  test('who is erased is forgotten, also while nothing can be written', async () => {
    const { changed, lane } = changing();
    lane.isAway = true;
    changed.watch(arrival(noon(TODAY)));
    await changed.forget(subjectId);
    lane.isAway = false;
    await changed.settle();
    assert.deepEqual(await marked(), []);
  });

  test('readings that move mark the days of their span, up to today', async () => {
    const { changed } = changing();
    const span = { fromMs: noon('2026-11-19'), untilMs: Number.POSITIVE_INFINITY };
    await changed.moved([subjectId], span);
    const found = (await marked()).map(({ day }) => day);
    assert.deepEqual(found, ['2026-11-19', '2026-11-20', '2026-11-21', TODAY]);
    const ever = { fromMs: Number.NEGATIVE_INFINITY, untilMs: noon(dayAfter(FROM)) };
    await changed.moved([subjectId], ever);
    assert.equal((await marked())[0]?.day, FROM, 'from the first that is sent');
  });

  test('readings that move mark none of the days before the first or after now', async () => {
    const { changed } = changing();
    const before = { fromMs: -1e15, untilMs: noon(dayAfter(FROM, -1)) };
    await changed.moved([subjectId], before);
    await changed.moved([subjectId], { fromMs: noon(dayAfter(TODAY)), untilMs: 1e15 });
    assert.deepEqual(await marked(), []);
    await changed.moved([subjectId], { fromMs: noon(dayAfter(TODAY, -1)), untilMs: 1e15 });
    assert.deepEqual(
      (await marked()).map(({ day }) => day),
      [dayAfter(TODAY, -1), TODAY],
    );
  });

  test('a span of years is marked in parts that a statement can hold', async () => {
    const { changed } = changing(
      ['a', 'b', 'c'].map((name) => ({
        ...{ ...optIn, from: '2015-01-01', destination: { ...destination, name } },
      })),
    );
    await changed.moved([subjectId], { fromMs: noon('2015-12-20'), untilMs: noon(TODAY) });
    assert.equal((await marked()).length, 3 * 3_991);
  });
});
