import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { AUDIT_HOOK_SETTINGS } from './hook-settings.ts';

const Settings = z.object(AUDIT_HOOK_SETTINGS);

test('heads go by https, and by http on this machine alone', () => {
  for (const url of [
    'https://witness.example/heads',
    'http://127.0.0.1:8080/heads',
    'http://[::1]:8080/heads',
    'http://localhost/heads',
  ])
    assert.equal(Settings.parse({ AUSCULTA_AUDIT_HOOK: url }).AUSCULTA_AUDIT_HOOK, url);
  for (const url of [
    'http://witness.example/heads',
    'http://10.0.0.7/heads',
    'http://localhost.example/heads',
    'ftp://127.0.0.1/heads',
    'https://a.example/,https://b.example/',
    'witness',
  ])
    assert.equal(Settings.safeParse({ AUSCULTA_AUDIT_HOOK: url }).success, false, url);
});
