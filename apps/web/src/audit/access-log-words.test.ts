import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Access } from '@ausculta/contract/accesses';
import { accessWords, groupAccesses } from './access-log-words.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const MINUTE_MS = 60_000;
const access = (minute: number, changes: Partial<Access> = {}): Access => ({
  ...{ at: new Date(NOW - minute * MINUTE_MS).toISOString(), who: 'joy', name: 'Joy Okafor' },
  ...{ act: 'read', people: 1, route: '/api/subjects/:id/trend', type: null, purpose: null },
  ...{ app: null, appName: null },
  ...{ status: 200, requestId: `r${minute}` },
  ...changes,
});

const WORDS = [
  { of: {}, says: 'Looked at measured numbers' },
  { of: { route: '/api/subjects' }, says: 'Looked at the list of patients' },
  { of: { route: '/api/subjects/:id' }, says: 'Looked at who it is' },
  { of: { act: 'subscribe', route: '/api/live' }, says: 'Watched the live screen' },
  { of: { route: '/api/subjects/:id/edf', act: 'export' }, says: 'Took along waveforms' },
  {
    of: { route: '/fhir/R4/:type', type: 'Condition', act: 'search' },
    says: 'Found in documents (Condition)',
  },
  { of: { route: '/fhir/R4/Patient/:id/$everything' }, says: 'Looked at the whole record' },
  {
    of: { route: '/fhir/R4/:type/:id', type: 'Patient', app: 'c', appName: 'Growth chart' },
    says: 'Looked at documents (Patient) by way of the app Growth chart',
  },
  {
    of: { route: '/fhir/R4/:type/:id', type: 'Patient', app: 'c', who: 'token-1', appName: 'PACS' },
    says: 'Looked at documents (Patient)',
  },
  { of: { route: '/api/something/new' }, says: 'Looked at /api/something/new' },
] as const;
for (const { of, says } of WORDS) {
  test(`an entry says: ${says}`, () => {
    assert.equal(accessWords(access(0, of)), says);
  });
}

test('a screen that asks again within minutes is one line, with how often and since when', () => {
  const asked = [
    access(0),
    access(1, { who: 'ben', name: null }),
    access(5),
    access(15),
    access(26),
  ];
  const told = groupAccesses(asked).map(({ name, count, fromMs, untilMs }) => [
    ...[name, count, (NOW - fromMs) / MINUTE_MS, (NOW - untilMs) / MINUTE_MS],
  ]);
  assert.deepEqual(told, [
    ['Joy Okafor', 3, 15, 0],
    ['An account that is no more', 1, 1, 1],
    ['Joy Okafor', 1, 26, 26],
  ]);
});
