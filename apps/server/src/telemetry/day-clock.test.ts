import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayClock } from './day-clock.ts';

const CASES = [
  { zone: 'UTC', at: '2026-06-01T23:59:59.999Z', minute: 1_439 },
  { zone: 'Europe/Berlin', at: '2026-01-15T11:00:00Z', minute: 12 * 60 },
  { zone: 'Europe/Berlin', at: '2026-07-15T11:00:00Z', minute: 13 * 60 },
  // The night of 29 March 2026 has no hour from two to three.
  { zone: 'Europe/Berlin', at: '2026-03-29T00:59:59Z', minute: 119 },
  { zone: 'Europe/Berlin', at: '2026-03-29T01:00:00Z', minute: 180 },
  // The night of 25 October 2026 has it twice.
  { zone: 'Europe/Berlin', at: '2026-10-25T00:30:00Z', minute: 150 },
  { zone: 'Europe/Berlin', at: '2026-10-25T01:30:00Z', minute: 150 },
  { zone: 'Asia/Kathmandu', at: '2026-01-01T00:07:00Z', minute: 352 },
  { zone: 'Australia/Lord_Howe', at: '2026-07-01T14:00:00Z', minute: 30 },
] as const;

for (const { zone, at, minute } of CASES) {
  test(`in ${zone} the clock stands at ${minute} minutes after midnight at ${at}`, () => {
    assert.equal(dayClock(zone)?.(Date.parse(at)), minute);
  });
}

test('in order through a night without an hour, it is what the zone says when it is asked afresh', () => {
  const clock = dayClock('America/St_Johns');
  const fromMs = Date.UTC(2026, 2, 8, 4);
  for (let timeMs = fromMs; timeMs < fromMs + 6 * 3_600_000; timeMs += 7 * 60_000 + 13_000) {
    assert.equal(clock?.(timeMs), dayClock('America/St_Johns')?.(timeMs));
  }
});

test('a zone that there is not is told, and no exception', () => {
  assert.equal(dayClock('Europe/Atlantis'), undefined);
  assert.equal(dayClock(''), undefined);
});
