/** How long an override may hold, on the real server: its clock stands still, so that an edge is a millisecond. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iso, startServerHere } from './support/server.ts';

const LONGEST_MS = 31 * 24 * 3_600_000;

test('an override holds for 31 days at most, to the millisecond, whatever it changes', async () => {
  const atMs = Date.now();
  await using here = await startServerHere({ outside: { nowMs: () => atMs } });
  const { server } = here;
  const { subjectId } = await server.addPatient();
  const post = async (rule: string, change: object, ms: number): Promise<number> => {
    const until = iso(atMs + LONGEST_MS + ms);
    const body = JSON.stringify({ rule, change, reason: 'known', until });
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body };
    return (await server.fetch(`/api/subjects/${subjectId}/overrides`, options)).status;
  };
  const off = { kind: 'off' };
  const wider = { kind: 'limit', limit: 140 };
  assert.equal(await post('limit/body-temperature/high', off, 1), 400);
  assert.equal(await post('limit/heart-rate/high', wider, 1), 400);
  assert.equal(await post('limit/body-temperature/high', off, 0), 201);
  assert.equal(await post('limit/heart-rate/high', wider, 0), 201);
});
