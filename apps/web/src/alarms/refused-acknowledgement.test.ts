import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestRefused } from '../api/client.ts';
import { refusedText } from './refused-acknowledgement.ts';

test('nobody is told to try again what will be refused again', () => {
  const said = (status: number, fault = 'ANY') =>
    refusedText(new RequestRefused({ status, fault, why: 'because' }));
  assert.match(said(403), /for others to answer$/);
  assert.match(said(403, 'SESSION_LOCKED'), /unlock the screen$/);
  assert.match(said(404), /no longer open here$/);
  assert.match(said(401), /sign in again$/);
  for (const status of [0, 429, 500, 503]) assert.match(said(status), /try again$/);
  assert.match(refusedText(new Error('anything')), /try again$/);
});
