import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utcOffsetIn } from './house-clock.ts';

const at = (zone: string, time: string) => utcOffsetIn(zone)?.(Date.parse(time));

test('a house knows how far from Greenwich it is, in winter and in summer', () => {
  assert.equal(at('Europe/Berlin', '2026-01-15T23:30:00Z'), 60);
  assert.equal(at('Europe/Berlin', '2026-07-15T23:30:00Z'), 120);
  assert.equal(at('Asia/Kolkata', '2026-01-15T20:00:00Z'), 330);
  assert.equal(at('America/New_York', '2026-01-15T02:00:00Z'), -300);
  assert.equal(at('Pacific/Kiritimati', '2026-01-15T12:00:00Z'), 840);
  assert.equal(at('UTC', '2026-01-15T02:00:00Z'), 0);
});

test('the hour of a change of the clock: before it and from it on', () => {
  assert.equal(at('Europe/Berlin', '2026-03-29T00:59:59Z'), 60);
  assert.equal(at('Europe/Berlin', '2026-03-29T01:00:00Z'), 120);
});

test('what is no zone has no clock', () => {
  assert.equal(utcOffsetIn('Mars/Olympus'), undefined);
});
