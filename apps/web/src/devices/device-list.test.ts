import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { listDevices } from './device-list.ts';

const device = (id: string, wornBy: string | null, isDisabled = false) => ({
  ...{ id, model: 'Patch 7', isDisabled, about: {}, isWorn: wornBy !== null, wornBy },
  wornSince: wornBy === null ? null : '2026-11-21T10:00:00.000Z',
});
const subject = (id: string, bed: string) =>
  ({
    id,
    identity: { familyName: id, givenName: '', recordNumber: `N-${id}`, bed },
  }) as SubjectView;

const devices = [
  device('old', null, true),
  device('spare', null),
  device('patch-10', 'Berg'),
  device('patch-2', 'Aalto'),
  device('cuff', 'Berg'),
  device('tag', 'a room'),
];
const subjects = [subject('Aalto', '10'), subject('Berg', '2')];

const list = (wanted: string) =>
  listDevices({ devices, subjects, wanted }).map((row) => row.device.id);

test('devices stand as their wearers lie, then the free ones, then those out of use', () => {
  assert.deepEqual(list(''), ['cuff', 'patch-10', 'patch-2', 'spare', 'tag', 'old']);
});

const FOUND = [
  { wanted: 'PATCH-2', ids: ['patch-2'] },
  { wanted: ' aalto ', ids: ['patch-2'] },
  { wanted: 'n-berg', ids: ['cuff', 'patch-10'] },
  { wanted: 'bed 2', ids: ['cuff', 'patch-10'] },
  { wanted: 'nobody', ids: [] },
];
for (const { wanted, ids } of FOUND) {
  test(`“${wanted}” finds ${ids.join(' and ') || 'nothing'}`, () => {
    assert.deepEqual(list(wanted), ids);
  });
}
