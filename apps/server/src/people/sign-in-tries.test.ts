import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInTries } from './sign-in-tries.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

test('ten tries at an account, from however many addresses, then one every half minute', () => {
  const tries = new SignInTries();
  for (let i = 0; i < 10; i += 1) assert.equal(tries.take('nurse', `192.0.2.${i}`, NOON), 0);
  assert.equal(tries.take('nurse', '192.0.2.99', NOON), 30_000);
  assert.equal(tries.take('nurse', '192.0.2.99', NOON + 29_999), 1);
  assert.equal(tries.take('nurse', '192.0.2.99', NOON + 30_000), 0);
  assert.equal(tries.take('doctor', '192.0.2.99', NOON), 0, 'another account');
});

test('a guesser does not lock the nurse out of the station where she has signed in before', () => {
  const tries = new SignInTries();
  tries.take('nurse', 'station', NOON);
  tries.succeeded('nurse', 'station');
  for (let i = 0; i < 50; i += 1) tries.take('nurse', 'elsewhere', NOON);
  assert.ok(tries.take('nurse', 'elsewhere', NOON) > 0);
  assert.equal(tries.take('nurse', 'station', NOON), 0);
  assert.ok(tries.take('nurse', 'another station', NOON) > 0);
});

test('a right password gives the tries back; a clock of ours that goes back gives none', () => {
  const tries = new SignInTries();
  for (let i = 0; i < 9; i += 1) tries.take('nurse', 'station', NOON);
  assert.equal(tries.take('nurse', 'station', NOON), 0);
  tries.succeeded('nurse', 'station');
  for (let i = 0; i < 10; i += 1) assert.equal(tries.take('nurse', 'station', NOON), 0);
  assert.ok(tries.take('nurse', 'station', NOON - 3_600_000) > 0);
});
