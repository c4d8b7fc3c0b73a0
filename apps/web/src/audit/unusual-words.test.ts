import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNUSUAL_KINDS } from '@ausculta/contract/oversight';
import { gapWords, mailWords, unusualWords, waitingWords } from './unusual-words.ts';

test('each kind has its own sentence', () => {
  const words = UNUSUAL_KINDS.map((kind) => unusualWords({ kind, records: null, usual: null }));
  assert.equal(new Set(words).size, UNUSUAL_KINDS.length);
  for (const one of words) assert.match(one, /\.$/);
});

test('many is told with what is usual, where something is', () => {
  const kind = 'many-records';
  assert.match(unusualWords({ kind, records: 41, usual: null }), /^opened 41 records [^;]*\.$/);
  assert.match(unusualWords({ kind, records: 90, usual: 20 }), /90 .* busy hour it is 20\.$/);
});

test('what waits is counted in words', () => {
  assert.equal(waitingWords({ emergencies: 0, unusual: 0 }), undefined);
  assert.equal(
    waitingWords({ emergencies: 1, unusual: 0 }),
    '1 emergency access waits for review.',
  );
  assert.equal(
    waitingWords({ emergencies: 1, unusual: 2 }),
    '1 emergency access and 2 unusual accesses wait for review.',
  );
});

test('a mail that goes out is no news', () => {
  assert.equal(mailWords('sent'), undefined);
  assert.equal(mailWords('waiting'), undefined);
  assert.match(mailWords('off') ?? '', /AUSCULTA_PRIVACY_OFFICER/);
  assert.match(mailWords('failing') ?? '', /tried again/);
});

test('what is not looked at is said: on both sides of a minute', () => {
  const lookedUntil = '2026-03-01T12:00:00.000Z';
  const atMs = Date.parse(lookedUntil);
  assert.equal(gapWords({ lookedUntil, unreadable: 0 }, atMs + 60_000), undefined);
  assert.match(gapWords({ lookedUntil, unreadable: 0 }, atMs + 60_001) ?? '', /^Nobody looks/);
  assert.match(gapWords({ lookedUntil: null, unreadable: 0 }, atMs) ?? '', /^Nobody looks/);
  assert.match(gapWords({ lookedUntil, unreadable: 1 }, atMs) ?? '', /^A piece /);
  assert.match(gapWords({ lookedUntil, unreadable: 2 }, atMs) ?? '', /^2 pieces /);
});
