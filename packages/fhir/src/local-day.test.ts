import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dayAfter, isCalendarDay, type LocalDays, localDays } from './local-day.ts';

const HOUR_MS = 3_600_000;

function of(zone: string): LocalDays {
  const days = localDays(zone);
  assert.ok(days !== undefined, zone);
  return days;
}

const DAYS = [
  { zone: 'Europe/Berlin', day: '2026-03-29', hours: 23, why: 'the clock goes forward' },
  { zone: 'Europe/Berlin', day: '2026-10-25', hours: 25, why: 'the clock goes back' },
  { zone: 'Europe/Berlin', day: '2026-10-26', hours: 24, why: 'nothing happens' },
  { zone: 'Australia/Lord_Howe', day: '2026-04-05', hours: 24.5, why: 'by half an hour' },
  { zone: 'Australia/Lord_Howe', day: '2026-10-04', hours: 23.5, why: 'by half an hour' },
  { zone: 'America/Sao_Paulo', day: '2018-11-04', hours: 23, why: 'there is no midnight' },
  { zone: 'America/Sao_Paulo', day: '2018-02-17', hours: 25, why: 'its last hour comes twice' },
  { zone: 'America/Havana', day: '2026-11-01', hours: 25, why: 'its first hour comes twice' },
  { zone: 'Asia/Kathmandu', day: '2026-01-01', hours: 24, why: 'an offset of 5:45' },
  { zone: 'Pacific/Apia', day: '2011-12-30', hours: 0, why: 'Samoa went over the date line' },
  { zone: 'Pacific/Apia', day: '2011-12-31', hours: 24, why: 'the day after' },
] as const;

for (const { zone, day, hours, why } of DAYS) {
  test(`${day} has ${hours} hours in ${zone}: ${why}`, () => {
    const { fromMs, untilMs } = of(zone).spanOf(day);
    assert.equal((untilMs - fromMs) / HOUR_MS, hours);
  });
}

test('a day begins and ends at the midnights of its zone, not of UTC', () => {
  const berlin = of('Europe/Berlin');
  const { fromMs, untilMs } = berlin.spanOf('2026-03-29');
  assert.equal(new Date(fromMs).toISOString(), '2026-03-28T23:00:00.000Z');
  assert.equal(new Date(untilMs).toISOString(), '2026-03-29T22:00:00.000Z');
  assert.equal(berlin.dayOf(fromMs), '2026-03-29');
  assert.equal(berlin.dayOf(fromMs - 1), '2026-03-28');
  assert.equal(berlin.dayOf(untilMs - 1), '2026-03-29');
  assert.equal(berlin.dayOf(untilMs), '2026-03-30');
});

test('a moment is written with the offset that holds at it', () => {
  const berlin = of('Europe/Berlin');
  const { fromMs, untilMs } = berlin.spanOf('2026-03-29');
  assert.equal(berlin.dateTimeOf(fromMs), '2026-03-29T00:00:00.000+01:00');
  assert.equal(berlin.dateTimeOf(untilMs - 1), '2026-03-29T23:59:59.999+02:00');
  assert.equal(of('America/St_Johns').dateTimeOf(0), '1969-12-31T20:30:00.000-03:30');
  assert.equal(of('UTC').dateTimeOf(0), '1970-01-01T00:00:00.000+00:00');
  assert.equal(of('Africa/Monrovia').dateTimeOf(0), '1970-01-01T00:00:00.000Z');
});

test('what the calendar does not have is no day', () => {
  for (const day of ['2026-02-28', '2028-02-29', '2026-12-31']) assert.ok(isCalendarDay(day), day);
  for (const day of ['2026-02-29', '2026-02-31', '2026-04-31', '2026-13-01', '2026-01-00', ''])
    assert.ok(!isCalendarDay(day), day);
});

test('what is no zone is none', () => {
  assert.equal(localDays('Europe/Atlantis'), undefined);
  assert.equal(localDays(''), undefined);
});

test('a clock that is far off has a day as well, or is told that there is none', () => {
  const { dayOf } = of('America/St_Johns');
  assert.equal(dayOf(Date.parse('0099-05-05T12:00:00Z')), '0099-05-05');
  assert.equal(dayOf(Date.parse('0001-01-03T12:00:00Z')), '0001-01-03');
  assert.equal(dayOf(Date.parse('9999-12-29T12:00:00Z')), '9999-12-29');
  for (const far of ['0001-01-02T23:59:59Z', '-000044-03-15T12:00:00Z', '9999-12-30T00:00:00Z'])
    assert.throws(() => dayOf(Date.parse(far)), RangeError, far);
  assert.throws(() => dayOf(Number.NaN), RangeError);
});

const ZONES = [
  ...['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Sao_Paulo'],
  ...['Pacific/Apia', 'Pacific/Kiritimati', 'Asia/Tehran', 'Africa/Casablanca', 'Africa/Cairo'],
  ...['America/Havana', 'Antarctica/Troll', 'Asia/Gaza', 'Asia/Kathmandu', 'UTC'],
].map(of);

const moment = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2045, 0, 1) });

test('each moment lies in its day, and days follow each other without a gap', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), moment, ({ dayOf, spanOf, zone }, timeMs) => {
      const day = dayOf(timeMs);
      const { fromMs, untilMs } = spanOf(day);
      assert.ok(fromMs <= timeMs && timeMs < untilMs, `${zone} ${day}`);
      assert.equal(spanOf(dayAfter(day)).fromMs, untilMs, 'the next begins where it ends');
      assert.equal(
        spanOf(dayAfter(day, -1)).untilMs,
        fromMs,
        'the one before ends where it begins',
      );
      const hours = (untilMs - fromMs) / HOUR_MS;
      assert.ok(hours >= 22 && hours <= 26, `${zone} ${day} has ${hours} hours`);
    }),
    { numRuns: 2_000 },
  );
});

test('a moment that is written with its offset is read as the same moment', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), moment, ({ dateTimeOf }, timeMs) => {
      assert.equal(Date.parse(dateTimeOf(timeMs)), timeMs);
    }),
  );
});
