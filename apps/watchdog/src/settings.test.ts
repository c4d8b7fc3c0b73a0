import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './settings.ts';

const PLACE = {
  AUSCULTA_URL: 'https://ausculta.example',
  AUSCULTA_MQTT_URL: 'mqtts://ausculta.example',
  AUSCULTA_WATCHDOG_TOKEN_FILE: '/run/token',
};
const HOOK = {
  AUSCULTA_WATCHDOG_HOOK: 'https://gateway.example/call',
  AUSCULTA_WATCHDOG_HOOK_SECRET_FILE: '/run/secret',
};
const problemsOf = (settings: Record<string, string>) => readSettings(settings)[1];

test('it looks every ten seconds, and waits five for each step', () => {
  const [settings, problems] = readSettings({ ...PLACE, ...HOOK });
  assert.deepEqual(problems, []);
  assert.deepEqual([settings?.everyMs, settings?.patienceMs], [10_000, 5_000]);
  assert.equal(settings?.mail, undefined);
});

test('one that would call nobody does not start', () => {
  assert.match(problemsOf(PLACE).join(), /Nobody would be called/);
  const [half] = problemsOf({ ...PLACE, AUSCULTA_WATCHDOG_MAIL_RELAY: 'smtps://mail.example' });
  assert.match(half ?? '', /belong together/);
});

test('a token goes nowhere in clear but within this machine', () => {
  const here = { AUSCULTA_URL: 'http://127.0.0.1:8390', AUSCULTA_MQTT_URL: 'mqtt://localhost' };
  assert.deepEqual(problemsOf({ ...PLACE, ...HOOK, ...here }), []);
  for (const wrong of [
    { AUSCULTA_URL: 'http://ausculta.example' },
    { AUSCULTA_MQTT_URL: 'mqtt://ausculta.example' },
    { AUSCULTA_WATCHDOG_HOOK: 'http://gateway.example' },
    { AUSCULTA_URL: 'no address' },
  ])
    assert.equal(problemsOf({ ...PLACE, ...HOOK, ...wrong }).length, 1, JSON.stringify(wrong));
});
